// Starts the app. Its module is on the way since the page's first lines.
const { href, dataset } = document.getElementById("module");
__wbg_init({ module_or_path: fetch(href, { integrity: dataset.integrity }) }).catch((error) => {
  document.documentElement.classList.add("failed");
  throw error;
});
