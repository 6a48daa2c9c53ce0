import path from 'node:path';
import * as v from 'valibot';
import { tryDecodeBase64 } from '../../base/documents/decode.ts';
import { decodeText, readObjects, readShape } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { ApiAccess, PemSource } from './api-access.ts';

/** One file that `KUBECONFIG` names. */
export interface KubeconfigFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

const text = v.optional(v.string(), '');
const cluster = v.looseObject({
  server: v.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': v.optional(v.boolean(), false),
  'tls-server-name': text,
  'proxy-url': text,
});
const user = v.looseObject({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
});
const context = v.looseObject({ cluster: v.string(), user: text });
const kubeconfig = v.looseObject({
  kind: v.literal('Config'),
  'current-context': text,
  clusters: v.nullish(v.array(v.looseObject({ name: v.string(), cluster }))),
  contexts: v.nullish(v.array(v.looseObject({ name: v.string(), context }))),
  users: v.nullish(v.array(v.looseObject({ name: v.string(), user }))),
});

type Cluster = v.InferOutput<typeof cluster>;
type User = v.InferOutput<typeof user>;

/** What one file says of a name, and the folder that its relative paths start from. */
interface Entry<T> {
  readonly file: string;
  readonly content: T;
}

/** Members of a user that need a program to be run, or another person to be. What they would give is not known here. */
const REFUSED_USER: Readonly<Record<string, string>> = {
  exec: 'it runs a program (exec) for its credentials, which Signet does not',
  'auth-provider': 'it has an auth-provider, which Signet does not run',
  username: 'it has a password, which API servers no longer take',
  as: 'it impersonates another user, which Signet does not',
};

/**
 * Reads kubeconfigs as kubectl does: of several files the first that says something of a name counts.
 *
 * @param wanted the context; without it the current one
 * @throws InputError that repeats no credential
 */
export function parseKubeconfig(files: readonly KubeconfigFile[], wanted?: string): ApiAccess {
  const read = files.flatMap(readFile);
  const shown = files.map(({ file }) => file).join(path.delimiter);
  const name = wanted ?? read.map(({ content }) => content['current-context']).find((one) => one !== '');
  if (name === undefined) throw unusable(`${shown} has no current-context: choose one with --context`);
  const chosen = find(read, ({ contexts }) => contexts, name);
  if (chosen === undefined) throw unusable(`${shown} has no context ${JSON.stringify(name)}`);
  const origin = `context ${name} of ${chosen.file}`;
  const named = chosen.content.context;
  const server = find(read, ({ clusters }) => clusters, named.cluster);
  if (server === undefined) throw unusable(`${origin}: there is no cluster ${JSON.stringify(named.cluster)}`);
  const who = named.user === '' ? undefined : find(read, ({ users }) => users, named.user);
  if (named.user !== '' && who === undefined)
    throw unusable(`${origin}: there is no user ${JSON.stringify(named.user)}`);
  return {
    origin,
    ...toServer(origin, { file: server.file, content: server.content.cluster }),
    ...toCredentials(origin, who === undefined ? undefined : { file: who.file, content: who.content.user }),
  };
}

function readFile({ file, bytes }: KubeconfigFile): readonly Entry<v.InferOutput<typeof kubeconfig>>[] {
  return [...readObjects(file, decodeText(file, bytes))].map((source) => ({
    file,
    content: readShape(kubeconfig, source),
  }));
}

function find<From, T extends { readonly name: string }>(
  read: readonly Entry<From>[],
  list: (content: From) => readonly T[] | null | undefined,
  name: string,
): Entry<T> | undefined {
  const named = read.flatMap(({ file, content }) => (list(content) ?? []).map((one) => ({ file, content: one })));
  return named.find(({ content }) => content.name === name);
}

function toServer(origin: string, entry: Entry<Cluster>): Pick<ApiAccess, 'server' | 'authorities'> {
  const { content } = entry;
  if (content['insecure-skip-tls-verify']) {
    throw unusable(`${origin}: insecure-skip-tls-verify is not followed: name the certificate-authority instead`);
  }
  if (content['tls-server-name'] !== '') throw unusable(`${origin}: tls-server-name is not followed`);
  if (content['proxy-url'] !== '') {
    throw unusable(`${origin}: proxy-url is not followed: set HTTPS_PROXY for this run instead`);
  }
  const server = URL.parse(content.server);
  if (server?.protocol !== 'https:' || server.username !== '' || server.search !== '') {
    throw unusable(`${origin}: its server is not an https:// address`);
  }
  return { server, authorities: toPem(origin, entry, 'certificate-authority') };
}

function toCredentials(origin: string, entry: Entry<User> | undefined): Pick<ApiAccess, 'token' | 'certificate'> {
  if (entry === undefined) return { token: undefined, certificate: undefined };
  const { content, file } = entry;
  for (const [member, fault] of Object.entries(REFUSED_USER)) {
    if (Object.hasOwn(content, member)) {
      throw unusable(`${origin}: ${fault}: give a token, a token file or a client certificate`);
    }
  }
  const cert = toPem(origin, entry, 'client-certificate');
  const key = toPem(origin, entry, 'client-key');
  if ((cert === undefined) !== (key === undefined)) {
    throw unusable(`${origin}: a client certificate needs its key, and a key its certificate`);
  }
  return {
    token: toToken(file, content),
    certificate: cert === undefined || key === undefined ? undefined : { cert, key },
  };
}

/** Of a token and a file of one, the file counts, as in kubectl. */
function toToken(file: string, { token, tokenFile }: User): ApiAccess['token'] {
  if (tokenFile !== '') return { kind: 'file', file: besides(file, tokenFile) };
  return token === '' ? undefined : { kind: 'text', token };
}

function toPem(origin: string, { file, content }: Entry<Cluster | User>, member: string): PemSource | undefined {
  const [data, named] = [content[`${member}-data`], content[member]];
  if (typeof data === 'string' && data !== '') {
    const bytes = tryDecodeBase64(data);
    if (bytes === undefined) throw unusable(`${origin}: ${member}-data is not base64`);
    return { kind: 'text', pem: bytes.toString('latin1') };
  }
  return typeof named === 'string' && named !== '' ? { kind: 'file', file: besides(file, named) } : undefined;
}

/** Paths of a kubeconfig start from its folder. */
function besides(file: string, named: string): string {
  return path.resolve(path.dirname(file), named);
}

function unusable(reason: string): InputError {
  return new InputError('ArgumentInvalid', `kubeconfig: ${reason}`);
}
