"""Packaging. settings.ini holds every fact; this file only hands them to setuptools."""

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
config = ConfigParser(delimiters=["="])
config.read(here / "settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]
extras = [key.removesuffix("_requirements") for key in cfg if key.endswith("_requirements")]

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    license="Apache-2.0",
    url=cfg["git_url"],
    keywords=cfg["keywords"],
    packages=find_packages(include=["ftkit", "ftkit.*"]),
    package_data={"ftkit": ["*.pyi", "py.typed"]},
    python_requires=f">={cfg['min_python']}",
    install_requires=cfg["requirements"].split(),
    extras_require={extra: cfg[f"{extra}_requirements"].split() for extra in extras},
    entry_points={
        "console_scripts": cfg["console_scripts"].split(),
        "ftkit.methods": cfg["methods"].split(),
        "ftkit.tasks": cfg["tasks"].split(),
        "ftkit.commands": cfg["commands"].split(),
        "ftkit.course": cfg["course"].split(),
        "ftkit.builds": cfg["builds"].split(),
        "pytest11": cfg["pytest_plugins"].split(),
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Education",
        "Programming Language :: Python :: 3",
    ],
    zip_safe=False,
)
