"""fewbench: few-shot image classification that can be checked."""

if __name__ != "fewbench":
    raise ImportError("import it as fewbench: this folder is that package")
