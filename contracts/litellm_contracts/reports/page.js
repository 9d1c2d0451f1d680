"use strict";
// An addition: everything on the page works without it.
{
  const all = [...document.querySelectorAll("details.contract")];
  const set = (open) => all.filter((one) => !one.hidden).forEach((one) => { one.open = open; });
  const tools = document.getElementById("tools");
  const filter = document.getElementById("filter");
  const told = document.getElementById("told");
  const apply = () => {
    const wanted = filter.value.toLowerCase();
    all.forEach((one) => { one.hidden = !one.dataset.words.includes(wanted); });
    document.querySelectorAll("[data-group]").forEach((group) => {
      group.hidden = !group.querySelector("details.contract:not([hidden])");
    });
    const left = all.filter((one) => !one.hidden).length;
    told.textContent = wanted ? `${left} of ${all.length} contracts` : "";
  };
  filter.addEventListener("input", apply);
  document.getElementById("open").addEventListener("click", () => set(true));
  document.getElementById("close").addEventListener("click", () => set(false));
  tools.hidden = false;

  // Browsers that cannot show closed details by style print them through this.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => { closed.forEach((one) => { one.open = false; }); });
}
