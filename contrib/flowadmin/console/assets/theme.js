// The colour scheme a viewer chose, set before anything is drawn. None chosen: the system's.
(() => {
  const root = document.documentElement;
  const key = "goflow.theme";
  const kept = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const told = () => document.dispatchEvent(new Event("themechange"));

  // theme.dark says which scheme is shown; theme.toggle shows the other and keeps that.
  window.theme = {
    get dark() {
      return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
    },
    toggle() {
      root.dataset.theme = this.dark ? "light" : "dark";
      try {
        localStorage.setItem(key, root.dataset.theme);
      } catch {
        // Without storage the choice lasts as long as the page.
      }
      told();
    },
  };
  if (kept() === "dark" || kept() === "light") root.dataset.theme = kept();
  dark.addEventListener("change", told);
})();
