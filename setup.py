"""Says what pyproject.toml cannot: `resources/` is installed inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["learnhub_desktop*"]), "learnhub_desktop._resources"],
    package_dir={"learnhub_desktop._resources": "resources"},
    package_data={"learnhub_desktop._resources": ["*", "*/*"]},
)
