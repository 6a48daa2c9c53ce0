import { describe, expect, test } from 'vitest';
import { NODES_REFUSE } from '../../../lib/stores/port/signature-store.ts';
import { judgeNodes, type NodesFacts } from '../../../lib/verdict/judge/nodes.ts';
import { describeClients, listReaders, SIGNATURE_READERS } from '../../../lib/verdict/judge/readers.ts';

const attempt = (message: string) => ({ store: 's', location: 'l', code: 'SignatureNotFound', message }) as const;
const refusal = attempt(`${NODES_REFUSE}r.example/a:sha256-x.sig has a layer 2 that cannot be read`);
const reason = { code: 'StoreUnavailable', message: 'the registry did not answer' } as const;
const facts: NodesFacts = { outcome: 'accepted', asNode: 'accepted', reasons: [], attempts: [], needsSigstore: true };

describe('whether nodes can pull', () => {
  test.each<{ name: string; change: Partial<NodesFacts>; nodes: string; says: RegExp; remedy?: RegExp }>([
    { name: 'what they read is accepted', change: {}, nodes: 'yes', says: /every requirement accepts/ },
    {
      name: 'signed in another form alone',
      change: { asNode: 'rejected' },
      nodes: 'no',
      says: /a bundle or a referrer alone/,
      remedy: /--new-bundle-format=false --use-signing-config=false/,
    },
    {
      name: 'a layer that they refuse',
      change: { asNode: 'rejected', attempts: [attempt('no more'), refusal] },
      nodes: 'no',
      says: /^nodes refuse the image: .* layer 2/,
      remedy: /mirror sigstore --replace/,
    },
    {
      name: 'not signed',
      change: { outcome: 'rejected', asNode: 'rejected' },
      nodes: 'no',
      says: /signature is required/,
    },
    {
      name: 'a registry that did not answer',
      change: { asNode: 'indeterminate', reasons: [reason] },
      nodes: 'unknown',
      says: /did not answer/,
    },
    {
      name: 'nodes of 4.11',
      change: { version: { major: 4, minor: 11 } },
      nodes: 'no',
      says: /4\.11 read no Sigstore/,
      remedy: /4\.12 on/,
    },
    {
      name: 'a key of the policy that they cannot use, whatever is signed',
      change: { policyFault: 'the policy names a key of the kind ML-DSA-65' },
      nodes: 'no',
      says: /ML-DSA-65/,
      remedy: /ECDSA, RSA or Ed25519/,
    },
    { name: 'nodes of 4.12', change: { version: { major: 4, minor: 12 } }, nodes: 'yes', says: /accepts/ },
    { name: 'nodes of 5.0', change: { version: { major: 5, minor: 0 } }, nodes: 'yes', says: /accepts/ },
    {
      name: 'nodes of 4.11, and OpenPGP alone is required',
      change: { version: { major: 4, minor: 11 }, needsSigstore: false },
      nodes: 'yes',
      says: /accepts/,
    },
  ])('$name: $nodes', ({ change, nodes, says, remedy }) => {
    const answer = judgeNodes({ ...facts, ...change });
    expect(answer.nodes).toBe(nodes);
    expect(answer.reason).toMatch(says);
    if (remedy === undefined) expect(answer.remedy).toBeUndefined();
    else expect(answer.remedy).toMatch(remedy);
  });
});

describe('the table of readers', () => {
  test('names each client once, with a source for every row', () => {
    expect(new Set(SIGNATURE_READERS.map(({ client }) => client)).size).toBe(SIGNATURE_READERS.length);
    expect(SIGNATURE_READERS.filter(({ source }) => source === '')).toEqual([]);
  });

  test('nodes read the tag from 4.12 on, and nothing that refers to the image', () => {
    const nodes = SIGNATURE_READERS.filter(({ client }) => client.startsWith('CRI-O'));
    const reads = new Map(nodes.map(({ client, reads: own }) => [client.split(' ').at(-1), own.tag]));
    expect(['4.6', '4.11', '4.12', '4.23', '5.0'].map((minor) => reads.get(minor))).toEqual([
      'no',
      'no',
      'yes',
      'yes',
      'yes',
    ]);
    expect(nodes.every(({ reads: own }) => own.bundle === 'no' && own.referrer === 'no')).toBe(true);
  });
});

describe('who reads the signatures of images', () => {
  const nodesOf = (clients: readonly string[]) => clients.filter((client) => client.startsWith('CRI-O'));

  test('of one image, whoever reads one of its forms', () => {
    const { yes, no } = listReaders([['bundle', 'tag']]);
    expect([nodesOf(yes).length, yes.includes('cosign 3'), nodesOf(no).length]).toEqual([12 + 1, true, 6]);
  });

  test('of several images, whoever reads every one', () => {
    const { yes, asked, no } = listReaders([['tag'], ['bundle']]);
    expect([nodesOf(yes), yes, asked.includes('cosign 2')]).toEqual([[], ['cosign 3', 'RHACS 5.0'], true]);
    expect(no).toContain('oc-mirror v2');
  });

  test('in a line, the minors are a range', () => {
    expect(describeClients(listReaders([['tag']]).yes)).toBe(
      'cosign 2, cosign 3, RHACS 5.0, Kyverno, policy-controller, oc-mirror v2, CRI-O and podman of OpenShift 4.12 to 5.0',
    );
    expect(describeClients(['CRI-O and podman of OpenShift 4.12'])).toBe('CRI-O and podman of OpenShift 4.12');
  });
});
