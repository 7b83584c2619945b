const { href, dataset } = document.getElementById("module");
__wbg_init({ module_or_path: fetch(href, { integrity: dataset.integrity }) }).catch(() => {
  document.querySelector("#app p").textContent = "The CRM could not be loaded. Check your connection and load the page again.";
});
