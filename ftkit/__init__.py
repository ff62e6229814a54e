"""ftkit: a course and reproduction kit on foundation models.

The public names load when they are first used, so that `import ftkit` costs nothing. Which there are, and where each
lives, stands in `__init__.pyi` beside this file, where editors and type checkers find it too.
"""
import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
