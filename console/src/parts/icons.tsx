import type { JSX } from 'preact';

/** Shapes of our own, 16 by 16: no font of icons is loaded. */
const PATHS = {
  accepted:
    'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm4 6.2-4.7 4.7a.9.9 0 0 1-1.3 0L4 8.9a.9.9 0 0 1 1.3-1.3l1.4 1.4 4-4A.9.9 0 0 1 12 6.2Z',
  rejected:
    'M4.9 0h6.2L16 4.9v6.2L11.1 16H4.9L0 11.1V4.9Zm-.2 6L6.7 8l-2 2a.9.9 0 0 0 1.3 1.3l2-2 2 2a.9.9 0 0 0 1.3-1.3l-2-2 2-2A.9.9 0 0 0 10 4.7l-2 2-2-2A.9.9 0 0 0 4.7 6Z',
  indeterminate:
    'M8 0 16 8l-8 8-8-8Zm-.8 9.7h1.7c0-1.6 2.1-1.7 2.1-3.6 0-1.6-1.3-2.6-3-2.6-1.4 0-2.5.7-2.9 2l1.5.6c.2-.7.7-1 1.3-1 .7 0 1.2.4 1.2 1 0 1.1-1.9 1.3-1.9 3.6Zm.8 3.2a1 1 0 1 0 0-2.1 1 1 0 0 0 0 2.1Z',
  forced: 'M9.5 0 2 9.2h4.6L5.4 16 14 6.4H9Z',
  pending: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 0 1 8 2.6Z',
  partial: 'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm0 1.8v12.4A6.2 6.2 0 0 1 8 1.8Z',
  copy: 'M5 0h9a2 2 0 0 1 2 2v9a1 1 0 0 1-2 0V2H5a1 1 0 0 1 0-2ZM2 3h8a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H2a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Zm0 2v9h8V5Z',
  done: 'M6.2 13.6 1 8.4 2.6 6.8l3.6 3.6 7.2-7.2L15 4.8Z',
  search:
    'M6.5 0a6.5 6.5 0 0 1 5.2 10.4l4 4-1.3 1.3-4-4A6.5 6.5 0 1 1 6.5 0Zm0 1.8a4.7 4.7 0 1 0 0 9.4 4.7 4.7 0 0 0 0-9.4Z',
  warning: 'M8 .8 16 15H0Zm-.9 5 .2 4.6h1.4l.2-4.6ZM8 13.4a1 1 0 1 0 0-2 1 1 0 0 0 0 2Z',
  info: 'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm.9 12.4H7.1V7h1.8ZM8 5.6a1.1 1.1 0 1 1 0-2.2 1.1 1.1 0 0 1 0 2.2Z',
  menu: 'M1 2.5h14v2H1Zm0 4.5h14v2H1Zm0 4.5h14v2H1Z',
  theme: 'M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm0 1.8v12.4A6.2 6.2 0 0 1 8 1.8Z',
  download: 'M7 0h2v7.2l2.6-2.6L13 6l-5 5-5-5 1.4-1.4L7 7.2ZM0 13h16v2H0Z',
  offline:
    'M1.4 0 16 14.6 14.6 16l-5-5L8 12.6 5.6 10.2l1.6-1.6-1.5-1.5L3.6 9.2 2.2 7.8l2.1-2.1L0 1.4ZM8 3c3 0 5.6 1 8 3l-1.4 1.5C12.6 5.8 10.4 5 8 5l-.9.1L5.4 3.4C6.200 3.100 7.100 3 8 3Z',
} as const;

export type IconName = keyof typeof PATHS;

/** A shape that says what the word beside it says: it is hidden from readers of screens. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="pf-v6-svg sg-icon" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true" width="1em" height="1em">
      <path d={PATHS[name]} fill-rule="evenodd" />
    </svg>
  );
}
