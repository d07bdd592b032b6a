"""CLEVR (Johnson et al. 2017): scenes, questions with functional programs, and the official answers."""

from reprolib.data.clevr.programs import answer

__all__ = ["answer"]
