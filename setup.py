"""The one thing that pyproject.toml cannot say: how `pip install -e .` links the code."""

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel


class LinkedInstall(editable_wheel):
    """Link every file into a real package folder, unless another mode is asked for.

    Setuptools' default is an import hook. Editors cannot look through it, and Python
    prefers any folder called `fewbench` in the working folder to it, such as a clone.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        self.mode = self.mode or "strict"


setup(cmdclass={"editable_wheel": LinkedInstall})
