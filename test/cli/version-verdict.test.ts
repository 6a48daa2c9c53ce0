import { describe, expect, test } from 'vitest';
import type { NamedRelease } from '../../cli/verify/find-versions.ts';
import { toVersionVerdict } from '../../cli/verify/version-verdict.ts';
import { parsePullspec, parseRepository } from '../../lib/base/names/reference.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import { makeAttachment, makeImage, NOW, RELEASES, readMirrorTrust } from '../mirror/check/mirror-setup.ts';
import { readBeside } from '../registry/attachments/memory-attachments.ts';
import { OCI_MANIFEST } from '../registry/client/registry-setup.ts';
import { createMemorySignatureStore } from '../support/memory-signature-store.ts';

const image = makeImage('a release');
const { digest } = image;

/** The decision about an image that a Sigstore signature alone vouches for. */
async function decideSigned(reference: string) {
  const tag = makeAttachment(digest, [{ reference }]);
  return await decideImage(
    { pullspec: parsePullspec(`${RELEASES}@${digest}`) },
    await readMirrorTrust({ require: 'sigstore', keyrings: [] }),
    {
      store: createMemorySignatureStore(new Map()),
      lookaside: createAttachmentStore(async () => readBeside(digest, { tag })),
      manifests: { readManifest: async () => ({ bytes: image.bytes, mediaType: OCI_MANIFEST, digest }) },
      now: () => NOW,
      signal: new AbortController().signal,
    },
  );
}

describe('an image that Sigstore signatures vouch for, called 4.16.37 by a graph', () => {
  const release: NamedRelease = {
    version: '4.16.37',
    architecture: 'amd64',
    digest,
    repository: parseRepository(RELEASES),
    from: 'graph.json',
  };

  test.each<[name: string, reference: string, outcome: string, said: string | undefined]>([
    ['signed as that version', `${RELEASES}:4.16.37-x86_64`, 'accepted', undefined],
    ['signed as that version, for a list of all', `${RELEASES}:4.16.37-multi`, 'accepted', undefined],
    ['signed as an older version', `${RELEASES}:4.15.1-x86_64`, 'rejected', 'was signed as 4.15.1'],
    ['signed by its digest', `${RELEASES}@${digest}`, 'accepted', 'no signature says that this image is 4.16.37'],
  ])('%s', async (_, reference, outcome, said) => {
    const decision = await decideSigned(reference);
    expect(decision.verdict.outcome).toBe('accepted');
    const verdict = toVersionVerdict(decision, release, new Set());
    expect(verdict.outcome).toBe(outcome);
    const found = [...verdict.reasons, ...verdict.warnings].filter(({ code }) => code === 'IdentityMismatch');
    expect(found.map(({ message }) => message)).toEqual(said === undefined ? [] : [expect.stringContaining(said)]);
  });

  test('an architecture that was asked for and that no signature names is a warning', async () => {
    const { verdict } = await decideSigned(`${RELEASES}@${digest}`);
    const verified = [{ keyring: 'k', bytes: new Uint8Array(), signedReference: `${RELEASES}:4.16.37` }];
    const open = toVersionVerdict({ verdict, verified }, { ...release, architecture: undefined }, new Set(['s390x']));
    expect(open.warnings.at(-1)?.message).toContain('no signature says that this image is for s390x');
    expect(toVersionVerdict({ verdict, verified }, release, new Set())).toEqual(verdict);
  });
});
