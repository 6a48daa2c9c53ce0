import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { toSignIn, whenSignInChanges } from './api/sign-in.ts';
import { Boundary } from './parts/boundary.tsx';
import { followKeys } from './state/keys.ts';
import { go, useAddress } from './state/use-address.ts';
import { useOutside } from './state/use-outside.ts';
import { type Address, formatAddress, pick, VIEWS, type ViewName } from './text/address.ts';
import { CheckView } from './views/check/check.tsx';
import { DecisionView } from './views/decisions/decision.tsx';
import { DecisionsView } from './views/decisions/decisions.tsx';
import { FILTERS } from './views/decisions/filter.tsx';
import { Masthead, SideNavigation } from './views/frame/chrome.tsx';
import { ReachBanner } from './views/frame/reach-banner.tsx';
import { SignInView } from './views/frame/sign-in.tsx';
import { UnknownView } from './views/frame/unknown.tsx';
import { MirrorView } from './views/mirror/mirror.tsx';
import { OverviewView } from './views/overview/overview.tsx';
import { QueuesView } from './views/queues.tsx';
import { ReleaseView } from './views/releases/release.tsx';
import { ReleasesView } from './views/releases/releases.tsx';
import { TrustView } from './views/trust/trust.tsx';

const TITLES: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  releases: 'Releases',
  decisions: 'Decisions',
  check: 'Check',
  mirror: 'Mirror',
  trust: 'Trust',
  queues: 'Queues',
};

/** The page: its frame, and the view that the address names. */
export function App(): JSX.Element {
  const address = useAddress();
  const signIn = useOutside(toSignIn, whenSignInChanges);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const { view, id } = address;
  useEffect(() => {
    document.title = `${view === undefined ? 'Not found' : TITLES[view]} · Signet`;
  }, [view]);
  useHeadingFocus(`${view} ${id}`);
  useEffect(() => {
    setMenuOpen(false);
    return followKeys({
      toField: () => toField(view),
      close: () => {
        setMenuOpen(false);
        closeSelected(address);
      },
    });
  }, [location.hash]);
  return (
    <div class="pf-v6-c-page sg-page">
      <button type="button" class="pf-v6-c-button pf-m-primary sg-skip" onClick={skipToMain}>
        Skip to content
      </button>
      <Masthead view={view} isMenuOpen={isMenuOpen} toggleMenu={() => setMenuOpen(!isMenuOpen)} />
      <SideNavigation view={view} titles={TITLES} isOpen={isMenuOpen} />
      <div class="pf-v6-c-page__main-container sg-main">
        <ReachBanner />
        <main class="sg-content" id="main" tabIndex={-1} data-address={location.hash}>
          {signIn.state === 'starting' ? null : signIn.state === 'ready' ? (
            <Boundary key={`${view} ${id}`}>
              <View address={address} />
            </Boundary>
          ) : (
            <SignInView signIn={signIn} />
          )}
        </main>
      </div>
    </div>
  );
}

function View({ address: { view, id, query } }: { readonly address: Address }): JSX.Element {
  switch (view) {
    case 'overview':
      return <OverviewView />;
    case 'decisions':
      return id === '' ? <DecisionsView query={query} /> : <DecisionView key={id} id={id} query={query} />;
    case 'check':
      return <CheckView query={query} />;
    case 'releases':
      return id === '' ? <ReleasesView query={query} /> : <ReleaseView key={id} digest={id} query={query} />;
    case 'mirror':
      return <MirrorView query={query} />;
    case 'trust':
      return <TrustView query={query} />;
    case 'queues':
      return <QueuesView query={query} />;
    case undefined:
      return <UnknownView views={VIEWS} titles={TITLES} />;
    default:
      return view satisfies never;
  }
}

/** A reader of screens hears where it is: the heading has the focus once a link was followed. */
function useHeadingFocus(place: string): void {
  const isFirst = useRef(true);
  useEffect(() => {
    // Whoever opens the page starts at its top.
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const focused = document.activeElement;
    if (focused !== null && focused !== document.body && focused.closest('main') !== null) return;
    document.querySelector<HTMLElement>('[data-heading]')?.focus({ preventScroll: true });
  }, [place]);
}

function toField(view: ViewName | undefined): void {
  const field = document.querySelector<HTMLElement>('[data-field]');
  if (field !== null) field.focus();
  else if (view !== 'check') go(formatAddress('check'));
}

function skipToMain(): void {
  document.querySelector<HTMLElement>('main')?.focus();
}

/** What is selected in a view is closed: the list that it was chosen from is shown, with its filter. */
function closeSelected({ view, id, query }: Address): void {
  if (view === 'decisions' && id !== '') go(formatAddress('decisions', '', pick(query, FILTERS)));
  if (view === 'releases' && id !== '') go(formatAddress('releases', '', query));
}
