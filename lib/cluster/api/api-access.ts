/** PEM text, or the file that holds it. */
export type PemSource =
  | { readonly kind: 'text'; readonly pem: string }
  | { readonly kind: 'file'; readonly file: string };

/** A token, or a file that holds one and may get another at any time. */
export type TokenSource =
  | { readonly kind: 'text'; readonly token: string }
  | { readonly kind: 'file'; readonly file: string };

/** Where the API server of a cluster is, what it is known by, and who asks. */
export interface ApiAccess {
  /** For messages: the service account, or the context of a kubeconfig. */
  readonly origin: string;
  readonly server: URL;
  /** The authorities of the server; undefined for those of the platform. */
  readonly authorities: PemSource | undefined;
  readonly token: TokenSource | undefined;
  readonly certificate: { readonly cert: PemSource; readonly key: PemSource } | undefined;
}

/** Where a pod finds what its service account may ask with. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server of the cluster that a pod with this host and port in its environment runs in. */
export function toPodAccess(host: string, port: string, folder: string = SERVICE_ACCOUNT): ApiAccess {
  return {
    origin: 'the service account of this pod',
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    authorities: { kind: 'file', file: `${folder}/ca.crt` },
    token: { kind: 'file', file: `${folder}/token` },
    certificate: undefined,
  };
}
