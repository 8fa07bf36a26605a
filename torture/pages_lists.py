"""Lists that nobody should have written, and bytes that unpack to more than they should."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import brotli
import zstandard

from tests.cli.shell import COMMAND, environment
from torture.nouns import Case, Class, Figure, Group, Terms
from torture.pages_files import READ, case, records
from torture.pages_posting import posting
from torture.pages_tried import MIB, command
