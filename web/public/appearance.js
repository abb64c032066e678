// Runs before the first paint, so that a chosen theme never flashes the other one. state/settings.ts owns the keys.
(function () {
  var root = document.documentElement;
  try {
    var chosen = JSON.parse(localStorage.getItem("cryptoshop.settings") || "{}");
    if (chosen.theme === "dark" || chosen.theme === "light") root.dataset.theme = chosen.theme;
    if (chosen.palette === "redgreen") root.dataset.palette = "redgreen";
  } catch (error) {
    localStorage.removeItem("cryptoshop.settings");
  }
})();
