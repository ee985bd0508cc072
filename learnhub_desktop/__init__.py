"""LearnHub Desktop: the back office of a learning management system."""

from typing import Final

__version__: Final = "0.1.0"
