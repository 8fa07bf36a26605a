"""What all tests share."""

from hypothesis import settings

# A test says what holds, not how fast: machines that run the tests are busy with others.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
