"""Coverage-guided fuzzing: targets with what must hold of every input, and inputs worth keeping.

python -m fuzz                    the kept inputs through all targets, without any tool
python -m fuzz page/decode        one target alone
python -m fuzz --plain 10000      and as many made-up inputs for each
make fuzz                         guided by coverage, with atheris
"""
