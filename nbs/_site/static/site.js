// What the pages do: search, copy, and tables that the keyboard can scroll. No request ever leaves the site.
(function () {
  const opener = document.querySelector(".open-search");
  let dialog, input, list, chosen = -1;

  function load(then) {
    if (window.siteIndex) return then();
    const script = document.createElement("script");
    script.src = opener.dataset.index;
    script.onload = then;
    document.head.append(script);
  }

  function choose(number) {
    const items = list.querySelectorAll("a");
    if (!items.length) return;
    chosen = (number + items.length) % items.length;
    items.forEach((item, i) => item.parentElement.classList.toggle("chosen", i === chosen));
    items[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", items[chosen].parentElement.id);
  }

  function show() {
    const found = window.searchSite(window.siteIndex || [], input.value);
    list.replaceChildren(...found.map((entry, i) => {
      const item = document.createElement("li"), link = document.createElement("a");
      const title = document.createElement("strong"), where = document.createElement("span"), text = document.createElement("small");
      link.href = opener.dataset.root + entry[0];
      link.tabIndex = -1;
      title.textContent = entry[2];
      where.textContent = entry[2] === entry[1] ? "" : entry[1];
      text.textContent = window.searchExcerpt(entry, input.value);
      if (entry[4]) title.className = "is-symbol";
      link.append(title, " ", where, text);
      item.append(link);
      item.id = "found-" + i;
      item.setAttribute("role", "option");
      return item;
    }));
    chosen = -1;
    dialog.querySelector(".found-count").textContent = input.value.trim() ? found.length + (found.length === 1 ? " place" : " places") : "";
    choose(0);
  }

  function make() {
    dialog = document.createElement("dialog");
    dialog.className = "search-dialog";
    dialog.setAttribute("aria-label", "Search");
    dialog.innerHTML = '<input type="search" aria-label="Search words, a symbol, or a &quot;phrase&quot;" placeholder="Words, a symbol, or a &quot;phrase&quot;" role="combobox" aria-expanded="true" aria-controls="found-list" autocomplete="off" spellcheck="false"><p class="found-count" role="status"></p><ul id="found-list" role="listbox" aria-label="Places found"></ul>';
    document.body.append(dialog);
    input = dialog.querySelector("input");
    list = dialog.querySelector("ul");
    input.addEventListener("input", () => load(show));
    dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("keydown", event => {
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Enter") { const link = list.querySelectorAll("a")[chosen]; if (link) { dialog.close(); link.click(); } }
      else return;
      event.preventDefault();
    });
  }

  function open() {
    if (!dialog) make();
    if (!dialog.open) dialog.showModal();
    input.select();
    load(show);
  }

  if (opener) {
    opener.addEventListener("click", open);
    document.addEventListener("keydown", event => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) { event.preventDefault(); open(); }
    });
  }

  // What the theme leaves unsaid for those who listen to a page.
  document.querySelectorAll('.caption[role="heading"]').forEach(title => title.setAttribute("aria-level", "2"));
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");

  async function copy(text) {
    try { await navigator.clipboard.writeText(text); }
    catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  for (const block of document.querySelectorAll("article .highlight")) {
    if (block.closest(".cell_output")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      await copy(block.querySelector("pre").textContent.trimEnd());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    block.append(button);
  }

  // A link into what is folded opens it; on paper everything is open.
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const folded = [target.querySelector(":scope > details.package")];
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) folded.push(box);
    const closed = folded.filter(box => box && !box.open);
    closed.forEach(box => { box.open = true; });
    if (closed.length) target.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);
  openTarget();
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("article details:not([open])")];
    unfolded.forEach(box => { box.open = true; });
  });
  addEventListener("afterprint", () => unfolded.forEach(box => { box.open = false; }));

  // What is wider than the page scrolls by itself, with the keyboard too.
  function reachable() {
    for (const box of document.querySelectorAll("article pre, article .table-wrapper, article .cell_output .output, article .formula, article .diagram")) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
        if (!box.hasAttribute("role")) box.setAttribute("role", "group");
        if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", "Scrolls sideways");
      } else if (box.getAttribute("aria-label") === "Scrolls sideways") { box.removeAttribute("tabindex"); box.removeAttribute("role"); box.removeAttribute("aria-label"); }
    }
  }
  reachable();
  addEventListener("resize", reachable);
  addEventListener("toggle", reachable, true);
})();
