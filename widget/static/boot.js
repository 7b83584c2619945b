const { href, integrity } = document.getElementById("module");
__wbg_init({ module_or_path: fetch(href, { integrity }) })
  .catch(() => document.documentElement.classList.add("failed"));
