"""The widgets: one ES module each for two hosts, Jupyter and a page without a kernel."""
