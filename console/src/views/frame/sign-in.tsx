import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { giveToken, goToIssuer, type SignIn } from '../../api/sign-in.ts';
import { PageHeader } from '../../parts/frame.tsx';
import { Note } from '../../parts/notes.tsx';

/** What a reader has to show before anything is asked. */
export function SignInView({ signIn: { state, issuer, fault } }: { readonly signIn: SignIn }): JSX.Element {
  const says =
    state === 'needs-token'
      ? 'This service asks for a token. It stays in the memory of this page, and is gone with it.'
      : 'The issuer of this service says who you are. What it gives stays in the memory of this page.';
  return (
    <>
      <PageHeader title="Sign in" says={says} />
      {fault !== undefined && <Note tone="warning" title={`You are not signed in: ${fault}`} isNews />}
      {state === 'needs-token' ? (
        <TokenForm />
      ) : (
        <button type="button" class="pf-v6-c-button pf-m-primary" onClick={goToIssuer}>
          <span class="pf-v6-c-button__text">Sign in at {issuer ?? 'the issuer'}</span>
        </button>
      )}
    </>
  );
}

function TokenForm(): JSX.Element {
  const [token, setToken] = useState('');
  const give = (event: Event): void => {
    event.preventDefault();
    if (token.trim() !== '') giveToken(token);
  };
  return (
    <form class="sg-ask" onSubmit={give}>
      <label class="sg-label" for="token">
        Token
      </label>
      <span class="pf-v6-c-form-control">
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </span>
      <button type="submit" class="pf-v6-c-button pf-m-primary">
        <span class="pf-v6-c-button__text">Sign in</span>
      </button>
    </form>
  );
}
