import type { JSX } from 'preact';
import { Icon } from '../../parts/icons.tsx';
import { useTheme } from '../../state/use-theme.ts';
import { formatAddress, VIEWS, type ViewName } from '../../text/address.ts';
import { Field } from '../check/field.tsx';

interface MastheadProps {
  readonly view: ViewName | undefined;
  readonly isMenuOpen: boolean;
  readonly toggleMenu: () => void;
}

/** The top of the page. The one field is here, but for views that have it themselves. */
export function Masthead({ view, isMenuOpen, toggleMenu }: MastheadProps): JSX.Element {
  const [theme, changeTheme] = useTheme();
  return (
    <header class="pf-v6-c-masthead sg-masthead">
      <div class="pf-v6-c-masthead__main">
        <span class="pf-v6-c-masthead__toggle sg-toggle">
          <button
            type="button"
            class="pf-v6-c-button pf-m-plain"
            aria-label="Views"
            aria-expanded={isMenuOpen}
            aria-controls="views"
            onClick={toggleMenu}
          >
            <Icon name="menu" />
          </button>
        </span>
        <a class="sg-brand" href={formatAddress('overview')}>
          <svg class="sg-logo" viewBox="0 0 24 24" aria-hidden="true">
            <path d="M12 1 22 5v7c0 5.500-4.200 9.300-10 11C6.200 21.300 2 17.500 2 12V5Z" />
            <path class="sg-logo__tick" d="m7 12 3.500 3.500L17 9" />
          </svg>
          Signet
        </a>
      </div>
      <div class="pf-v6-c-masthead__content sg-masthead__content">
        {view !== 'overview' && view !== 'check' && <Field id="field" />}
        <button
          type="button"
          class="pf-v6-c-button pf-m-plain sg-theme"
          aria-label={`Colours: ${theme}`}
          title={`Colours: ${theme}`}
          onClick={changeTheme}
        >
          <Icon name="theme" />
        </button>
      </div>
    </header>
  );
}

interface NavigationProps {
  readonly view: ViewName | undefined;
  readonly titles: Readonly<Record<ViewName, string>>;
  readonly isOpen: boolean;
}

export function SideNavigation({ view, titles, isOpen }: NavigationProps): JSX.Element {
  return (
    <nav class={`sg-sidebar ${isOpen ? 'sg-sidebar-open' : ''}`} id="views" aria-label="Views">
      <div class="pf-v6-c-nav">
        <ul class="pf-v6-c-nav__list">
          {VIEWS.map((one) => (
            <li key={one} class="pf-v6-c-nav__item">
              <a
                class={`pf-v6-c-nav__link ${one === view ? 'pf-m-current' : ''}`}
                href={formatAddress(one)}
                aria-current={one === view ? 'page' : undefined}
              >
                <span class="pf-v6-c-nav__link-text">{titles[one]}</span>
              </a>
            </li>
          ))}
        </ul>
      </div>
      <p class="sg-keys">
        <kbd>/</kbd> field, <kbd>j</kbd> <kbd>k</kbd> rows, <kbd>Esc</kbd> close
      </p>
    </nav>
  );
}
