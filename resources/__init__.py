"""Data that the program ships: icons, fonts, themes, models' catalogue, samples, schemas, licences."""

from pathlib import Path


def root() -> Path:
    """Return the folder that holds the resources: beside this file, in a wheel and in a bundle as well."""
    return Path(__file__).resolve().parent
