"use strict";
const form = document.getElementById("filters");
const state = document.getElementById("state");
const nothing = document.getElementById("nothing");
const facets = Array.from(form.querySelectorAll("select"), (select) => select.name);
const entries = Array.from(document.querySelectorAll("article"), (article) => ({
  article,
  row: document.querySelector('tr[data-of="' + CSS.escape(article.id) + '"]'),
  text: article.textContent.toLowerCase(),
}));

function matches(entry, asked, words) {
  return (
    words.every((word) => entry.text.includes(word)) &&
    facets.every((name) => {
      const wanted = asked.get(name);
      return !wanted || entry.article.dataset[name].split("|").includes(wanted);
    })
  );
}

function show() {
  const asked = new FormData(form);
  const words = asked.get("text").toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const entry of entries) {
    const shown = matches(entry, asked, words);
    entry.article.hidden = entry.row.hidden = !shown;
    found += shown;
  }
  nothing.hidden = found > 0;
  state.value = found + " of " + entries.length + " shown";
}

// A link to a detection that the filters hide must still lead there.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.hidden) {
    form.reset();
    target.scrollIntoView();
  }
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
// The fields still have their old values while the event runs.
form.addEventListener("reset", () => setTimeout(show));
window.addEventListener("hashchange", reveal);
form.hidden = false;
show();
