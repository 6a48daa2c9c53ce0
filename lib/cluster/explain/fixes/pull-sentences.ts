import type { Fix } from '../explanation.ts';
import type { PullFault } from '../patterns/statement.ts';

const RENDER = 'signet render machineconfig --policy policy.json --registries-d registries.d --target-version VERSION';

/** What to do about each fault of an image that a node refused. */
export const FIXES: ReadonlyMap<PullFault, Fix> = new Map<PullFault, Fix>([
  [
    'rejected-by-policy',
    { say: 'the policy rejects this image: add a scope for its repository that names the key of its signer' },
  ],
  [
    'key',
    {
      say: 'the signature is by a key that the policy does not name: compare its ID with the publisher’s keys, and add the key if it is theirs',
    },
  ],
  [
    'bad-signature',
    {
      say: 'the signature does not verify by any key that the policy names: it is by another key, or it was changed. Compare the key with the publisher’s',
    },
  ],
  [
    'expired',
    { say: 'the signature or its key has expired: take the publisher’s renewed key, or have the image signed again' },
  ],
  [
    'malformed',
    {
      say: 'what lies beside the image as a signature cannot be read: nodes refuse the image for it, whatever else is there. Remove it, or copy the signatures again',
    },
  ],
  [
    'certificate',
    {
      say: 'the certificate of the signature does not satisfy the policy: compare the certificate authority of the policy with the one that signed',
    },
  ],
  [
    'log',
    {
      say: 'the entry of the transparency log is missing, or is not by the log that the policy names: compare rekorPublicKey, or sign with a log that the policy asks for',
    },
  ],
  [
    'policy-key',
    {
      say: 'a key that the policy names cannot be used by this node: nodes take PEM keys, and ECDSA keys of Rekor alone',
    },
  ],
  [
    'policy-invalid',
    {
      say: 'the node’s policy cannot be read, so that it pulls no image at all: write it for the version of the node',
      command: RENDER,
    },
  ],
  ['digest', { say: 'the signature is of another image: copy the image and its signatures again' }],
  [
    'lookaside',
    {
      say: 'the place of the signatures did not answer: this is not yet a signature problem. Nodes need it at each pull',
    },
  ],
  [
    'policy-open',
    {
      say: 'the tool asks for a policy that refuses by default, and the node’s accepts everything: set "default" to reject and name what is trusted, or pull without a signature’s protection (ostree-unverified-registry)',
      command: RENDER,
    },
  ],
  [
    'registries-d',
    {
      say: 'a file in registries.d cannot be used, so that the node pulls no image at all: each scope may stand in one file only, and its URL has to be valid',
      command: RENDER,
    },
  ],
  [
    'no-reference',
    {
      say: 'the image comes from a file or a local store, where it has no name: set signedIdentity of the requirement to exactRepository, or copy the image from its registry',
    },
  ],
  ['revoked', { say: 'the key of the signature was revoked: use an image that the publisher’s current key signed' }],
  [
    'algorithm',
    {
      say: 'the node refuses the algorithm of the signature or key, as its crypto policy says: have it signed again by a current one',
    },
  ],
  [
    'destination',
    {
      say: 'the signatures cannot be written there: enable use-sigstore-attachments, or lookaside-staging, for the destination in registries.d of the machine that copies; Signet copies them alone',
      command: 'signet mirror sigstore --trust DIR --from REPOSITORY --to MIRROR --digest DIGEST',
    },
  ],
  [
    'policy-conflict',
    {
      say: 'a ClusterImagePolicy covers the scope too, and it alone counts: what the ImagePolicy of the namespace says has no effect. To see what each would do, run',
      command: 'signet policy try --policy policies --against EXPORT',
    },
  ],
]);

/** Fixes that name what the message names. */
export const NAMED_FIXES: ReadonlyMap<PullFault, (identity: string, text: string) => Fix> = new Map([
  [
    'email',
    (identity: string, text: string): Fix => {
      const got = text.slice(text.indexOf('(got'));
      const found = [...got.matchAll(/"([^"\n]{1,320})"/g)].map(([, one]) => one).join(', ');
      return {
        say: `the identity differs, and not the key: the policy requires ${identity}, and the certificate names ${found === '' ? 'none' : found}. Set subjectEmail of the policy to who signs, or have ${identity} sign`,
      };
    },
  ],
  [
    'issuer',
    (identity: string): Fix => ({
      say: `the certificate was given out for an identity of ${identity}: set oidcIssuer of the policy to it if the publisher’s identities come from there`,
    }),
  ],
  [
    'key-file',
    (identity: string): Fix => ({
      say: `the policy of the node names ${identity}, and the node has no such file: put it on the nodes, or take it out of the policy`,
      command: RENDER,
    }),
  ],
  [
    'policy-member',
    (identity: string): Fix => ({
      say: `this version of the node does not know ${JSON.stringify(identity)}, so that the whole policy is invalid there and it pulls no image: write the policy for the version of the node`,
      command: RENDER,
    }),
  ],
  [
    'policy-scope',
    (identity: string): Fix => ({
      say: `the cluster’s image configuration (image.config.openshift.io/cluster) does not allow ${identity}: put it into allowedRegistries, or take it out of the policy; until then the policy is not written to the nodes`,
    }),
  ],
  [
    'payload-blocked',
    (identity: string): Fix => ({
      say: `blockedRegistries of the cluster’s image configuration (image.config.openshift.io/cluster) names ${identity}, which the release itself comes from: it is left out, and nodes go on pulling there. Take it out, or mirror the release by an ImageDigestMirrorSet to a place that is not blocked`,
    }),
  ],
  [
    'os-image',
    (identity: string): Fix => ({
      say: `the node runs ${identity === '' ? 'another OS image' : identity} instead: that says nothing of signatures yet. Where the log of its machine-config-daemon says that the pull was refused, hand that in`,
      command: 'oc -n openshift-machine-config-operator logs POD -c machine-config-daemon | signet explain -',
    }),
  ],
]);
