import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { type Address, parseAddress } from '../text/address.ts';

/** How far each address was scrolled, for coming back to it. */
const places = new Map<string, number>();

/** The address of the page, as it changes. An address that is come back to is scrolled to where it was left. */
export function useAddress(): Address {
  const [{ hash, before }, setHash] = useState({ hash: location.hash, before: location.hash });
  useEffect(() => {
    history.scrollRestoration = 'manual';
    const follow = (): void =>
      setHash((shown) => {
        places.set(shown.hash, scrollY);
        return { hash: location.hash, before: shown.hash };
      });
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useLayoutEffect(() => {
    const known = places.get(hash);
    // Another filter of the same view leaves everything in its place.
    if (known === undefined && toPath(hash) === toPath(before)) return;
    scrollTo({ top: known ?? 0, behavior: 'instant' });
  }, [hash, before]);
  return parseAddress(hash);
}

function toPath(hash: string): string {
  return hash.split('?', 1)[0] ?? '';
}

/** Goes to an address of `formatAddress`. @param how `replace` leaves no step in the history */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.hash) return;
  if (how === 'push') {
    location.hash = to;
    return;
  }
  history.replaceState(null, '', to);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
