import { useEffect, useState } from 'preact/hooks';

/** A value that lives outside of the page's tree, as it changes. */
export function useOutside<T>(value: () => T, whenChanged: (listener: () => void) => () => void): T {
  const [, redraw] = useState(0);
  useEffect(() => whenChanged(() => redraw((count) => count + 1)), [whenChanged]);
  return value();
}
