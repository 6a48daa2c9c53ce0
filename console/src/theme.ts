/** Runs before the page is painted, so that a dark page is never white first. */
const chosen = (() => {
  try {
    return localStorage.getItem('signet-theme');
  } catch {
    // A browser that keeps nothing: the system's choice counts.
    return null;
  }
})();
const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.classList.toggle('pf-v6-theme-dark', isDark);
