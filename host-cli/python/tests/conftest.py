"""Tests of the plugin itself start pytest in pytest."""

pytest_plugins = ["pytester"]
