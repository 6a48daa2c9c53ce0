/** What the keys of the page do. */
export interface KeyActions {
  /** `/`: to the one field. */
  readonly toField: () => void;
  /** `Esc`: closes what is open. */
  readonly close: () => void;
}

/** `/`, `j`, `k` and `Esc`, unless somebody is writing or a modifier is held. @returns what ends it */
export function followKeys(actions: KeyActions): () => void {
  const follow = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isWriting = event.target instanceof Element && event.target.closest('input, textarea, select') !== null;
    if (event.key === 'Escape') {
      if (isWriting && document.activeElement instanceof HTMLElement) document.activeElement.blur();
      else actions.close();
      return;
    }
    if (isWriting) return;
    if (event.key === '/') {
      event.preventDefault();
      actions.toField();
    }
    if (event.key === 'j' || event.key === 'k') moveRow(event.key === 'j' ? 1 : -1);
  };
  addEventListener('keydown', follow);
  return () => removeEventListener('keydown', follow);
}

/** Puts the focus on the first link or button of the next row, or of the one before. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll('main [data-row]')];
  const current = document.activeElement?.closest('[data-row]') ?? null;
  const at = current === null ? -1 : rows.indexOf(current);
  const next = at < 0 ? rows.at(step === 1 ? 0 : -1) : rows[at + step];
  const target = next?.querySelector<HTMLElement>('a[href], button, [tabindex]');
  target?.focus();
  target?.scrollIntoView({ block: 'nearest' });
}
