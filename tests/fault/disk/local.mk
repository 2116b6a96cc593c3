# See doc/reliability.md.
