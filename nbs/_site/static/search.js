// Search without a server. An entry of the index: [address, page, heading, words, is it a symbol].
(function () {
  const plain = text => text.toLowerCase();

  // How well a word fits a text: at the beginning of a word better than inside one.
  function fits(text, word) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    let from = at;
    while (from >= 0) {
      if (from === 0 || !/[\p{L}\p{N}]/u.test(text[from - 1])) return 2;
      from = text.indexOf(word, from + 1);
    }
    return 1;
  }

  // Whether a symbol's address was typed: whole, or with its module's name alone.
  function isAddress(page, heading, phrase) {
    return [page, "ftkit." + page.split(".").pop()].some(module => module + "." + heading === phrase);
  }

  function score(entry, words, phrase, exact, typed) {
    const [page, heading, text] = entry.low ??= [plain(entry[1]), plain(entry[2]), plain(entry[3])];
    if (entry[4] && isAddress(page, heading, phrase)) return 200;
    if (exact && !text.includes(phrase) && !heading.includes(phrase)) return 0;
    let total = 0;
    for (const word of words) {
      const best = 8 * fits(heading, word) + 3 * fits(page, word) + fits(text, word);
      if (!best) return 0;
      total += best;
    }
    if (words.length > 1 && text.includes(phrase)) total += 12;
    if (heading === phrase) total += 40;
    if (entry[4]) {
      const name = heading.split(".").pop();
      total += heading === phrase ? 100 : name === phrase ? 60 : 0;
      // Of two names that differ only in their capitals, the one that was typed.
      if (entry[2] === typed) total += 1;
    }
    return total;
  }

  window.searchSite = function (index, query, limit = 30) {
    const exact = /^".+"$/.test(query.trim());
    const phrase = plain(query.trim()).replace(/^"|"$/g, "").replace(/\(\)$/, "");
    const words = phrase.split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return index.map((entry, order) => [score(entry, words, phrase, exact, query.trim()), order, entry])
      .filter(found => found[0] > 0)
      .sort((a, b) => b[0] - a[0] || a[1] - b[1])
      .slice(0, limit).map(found => found[2]);
  };

  // A piece of the text around the first word found.
  window.searchExcerpt = function (entry, query) {
    const phrase = plain(query.trim()).replace(/^"|"$/g, "");
    const text = plain(entry[3]);
    let at = text.indexOf(phrase);
    for (const word of phrase.split(/\s+/)) if (at < 0) at = text.indexOf(word);
    const from = Math.max(0, at - 60);
    return (from ? "… " : "") + entry[3].slice(from, from + 180) + (entry[3].length > from + 180 ? " …" : "");
  };
})();
