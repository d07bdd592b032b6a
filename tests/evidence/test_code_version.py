"""The commit that a record names is the library's own, or none."""

import shutil
import subprocess

import pytest

from reprolib import paths
from reprolib.evidence import code_version


@pytest.fixture
def git(monkeypatch, tmp_path):
    """git("init") -> what git says in the folder of the test, which is the library's checkout."""
    monkeypatch.delenv("REPROLIB_COMMIT", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "reprolib").mkdir()
    (tmp_path / "reprolib" / "a.py").write_text("1\n")

    def call(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", "-C", tmp_path, *who, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return call


def test_commit_of_a_copy_without_git(monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_COMMIT", "abc123")
    assert code_version.commit() == ("abc123", False)
    monkeypatch.setenv("REPROLIB_COMMIT", "abc123-dirty")
    assert code_version.commit() == ("abc123", True)
    monkeypatch.delenv("REPROLIB_COMMIT")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code_version.commit() == (None, None)


def test_commit_of_a_checkout(git, tmp_path):
    source = tmp_path / "reprolib" / "a.py"
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    head = git("rev-parse", "HEAD")
    assert code_version.commit() == (head, False)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "new.json").touch()
    assert code_version.commit() == (head, False), "a new record is no change of the library"
    (source.parent / "scratch.py").write_text("3\n")
    assert code_version.commit() == (head, False), "a file that git does not track is no change of the library"
    source.write_text("2\n")
    assert code_version.commit() == (head, True)
    git("add", "reprolib/a.py")
    assert code_version.commit() == (head, True), "a staged change is one too"
    git("commit", "-qm", "second")
    second = git("rev-parse", "HEAD")
    assert second != head
    assert code_version.commit() == (second, False)
    source.unlink()
    assert code_version.commit() == (second, True)


def test_a_copy_in_the_repository_of_somebody_else_has_no_commit(git, monkeypatch, tmp_path):
    """Whether that repository surrounds the copy, tracks it, or only its files lie at the top of it."""
    git("init", "-q")
    git("commit", "-qm", "theirs", "--allow-empty")
    assert code_version.commit() == (None, None), "nothing of the library is tracked"
    inner = tmp_path / "vendor" / "copy"
    shutil.copytree(tmp_path / "reprolib", inner / "reprolib")
    monkeypatch.setattr(paths, "ROOT", inner)
    assert code_version.commit() == (None, None)
    git("add", ".")
    git("commit", "-qm", "theirs, with the copy")
    assert code_version.commit() == (None, None)
    (inner / ".git").mkdir()  # as an interrupted copy leaves it: no repository, so git looks further up
    assert code_version.commit() == (None, None)


def test_a_worktree_is_a_checkout(git, monkeypatch, tmp_path):
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    git("worktree", "add", "-q", "--detach", "beside")
    monkeypatch.setattr(paths, "ROOT", tmp_path / "beside")
    assert code_version.commit() == (git("rev-parse", "HEAD"), False)


def test_the_hook_of_another_repository_is_not_asked(git, monkeypatch, tmp_path):
    git("init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert code_version.commit() == (None, None)
