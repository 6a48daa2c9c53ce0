import type { ProxyOptions } from '../../platform/http/routes.ts';
import type { VerifyIdentity } from './identity.ts';

/** Verifies Google's tokens. What it takes is loaded with the first token: few services get any. */
export function openIdentities(proxy: ProxyOptions): VerifyIdentity {
  const open = () => import('./verify-identity.ts').then(({ openGoogleIdentities }) => openGoogleIdentities(proxy));
  let opened: ReturnType<typeof open> | undefined;
  return async (...asked) => {
    opened ??= open();
    return await (
      await opened
    )(...asked);
  };
}
