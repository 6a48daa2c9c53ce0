import type { PolicySeeds } from '../seeds/read-seeds.ts';

/** Where the policies' key files are, as a node would name them. */
export const KEY_PATHS = {
  sigstore: '/keys/cosign.pub',
  otherSigstore: '/keys/other.pub',
  openpgp: '/keys/release.gpg',
  otherOpenpgp: '/keys/other.gpg',
} as const;

/** Policies of every form that a policy.json has, some of which accept the image of the seeds. */
export function makePolicies({
  repository,
  signedReference,
  sigstoreKeys,
  openpgpKeys,
}: PolicySeeds): readonly object[] {
  const pem = (text: string): string => Buffer.from(text).toString('base64');
  const reject = [{ type: 'reject' }];
  const cosign = {
    type: 'sigstoreSigned',
    keyData: pem(sigstoreKeys.good),
    signedIdentity: { type: 'matchRepository' },
  };
  const simple = { type: 'signedBy', keyType: 'GPGKeys', keyData: openpgpKeys.good };
  const [host = '', namespace = ''] = repository.split('/');
  const docker = (scopes: object): object => ({ default: reject, transports: { docker: scopes } });
  return [
    docker({ [repository]: [cosign] }),
    docker({ [`${host}/${namespace}`]: [simple], [host]: reject, '': reject }),
    docker({ [host]: [simple, cosign], 'quay.io/other': [{ type: 'insecureAcceptAnything' }] }),
    docker({ '*.example.com': [cosign], '*.com': reject }),
    docker({
      [repository]: [{ ...cosign, keyData: undefined, keyDatas: [pem(sigstoreKeys.other), pem(sigstoreKeys.good)] }],
    }),
    docker({ [repository]: [{ type: 'sigstoreSigned', keyPath: KEY_PATHS.sigstore }] }),
    docker({ [repository]: [{ type: 'sigstoreSigned', keyPaths: [KEY_PATHS.otherSigstore, KEY_PATHS.sigstore] }] }),
    docker({
      [repository]: [{ type: 'signedBy', keyType: 'GPGKeys', keyPaths: [KEY_PATHS.otherOpenpgp, KEY_PATHS.openpgp] }],
    }),
    docker({
      [repository]: [{ ...cosign, signedIdentity: { type: 'exactRepository', dockerRepository: repository } }],
    }),
    docker({
      [repository]: [{ ...simple, signedIdentity: { type: 'exactReference', dockerReference: signedReference } }],
    }),
    docker({
      [repository]: [
        { ...simple, signedIdentity: { type: 'remapIdentity', prefix: host, signedPrefix: 'mirror.example.com' } },
      ],
    }),
    docker({ [repository]: [{ ...simple, signedIdentity: { type: 'matchExact' } }] }),
    docker({ [repository]: [{ ...cosign, keyData: pem(sigstoreKeys.other) }] }),
    docker({ [repository]: [{ ...cosign, rekorPublicKeyData: pem(sigstoreKeys.other) }] }),
    {
      default: [{ type: 'insecureAcceptAnything' }],
      transports: { 'docker-daemon': { '': [{ type: 'insecureAcceptAnything' }] }, docker: { [host]: reject } },
    },
    { default: [cosign, { type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchRepository' } }] },
    { default: [simple] },
  ];
}
