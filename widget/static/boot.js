// Starts the app. Its code is on the way since the page's first lines.
__cordboard.module
  .then((module) => WebAssembly.instantiate(module, __wbg_get_imports()))
  .then(__wbg_finalize_init)
  .catch((error) => {
    document.documentElement.classList.add("failed");
    throw error;
  });
