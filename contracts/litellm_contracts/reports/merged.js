"use strict";
// An addition: everything on the page works without it.
{
  const rows = [...document.querySelectorAll("tr.row")];
  const filter = document.getElementById("filter");
  const changing = document.getElementById("changing");
  const told = document.getElementById("told");
  const apply = () => {
    const wanted = filter.value.toLowerCase();
    rows.forEach((row) => {
      const fits = row.dataset.words.includes(wanted);
      row.hidden = !fits || (changing.checked && !("changes" in row.dataset));
    });
    document.querySelectorAll("[data-group]").forEach((group) => {
      group.hidden = !group.querySelector("tr.row:not([hidden])");
    });
    const left = rows.filter((row) => !row.hidden).length;
    told.textContent = left < rows.length ? `${left} of ${rows.length} rows` : "";
  };
  filter.addEventListener("input", apply);
  changing.addEventListener("change", apply);
  document.getElementById("tools").hidden = false;
}
