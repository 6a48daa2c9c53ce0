import { InputError } from '../errors/input-error.ts';
import { type Digest, isDigest, parseDigest } from './digest.ts';

/** A parsed image reference. The grammar is `distribution/reference`'s; normalisation is Docker's. */
export interface Reference {
  readonly repository: Repository;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const MAX_NAME_LENGTH = 255;
const DEFAULT_HOST = 'docker.io';
const DEFAULT_NAMESPACE = 'library/';

/** @throws InputError `PullspecInvalid` or `DigestInvalid`, naming the part at fault. */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `the tag ${JSON.stringify(tag)} is not a tag`);
  return {
    repository: parseName(text, name),
    tag,
    digest: digest === undefined ? undefined : parseDigest(digest),
  };
}

/** A digest, or the one of a pullspec. @throws InputError */
export function parseNamedDigest(text: string): Digest {
  if (!/[/@]/.test(text)) return parseDigest(text);
  const { digest } = parsePullspec(text);
  if (digest === undefined) throw new InputError('DigestInvalid', `${JSON.stringify(text)} names no digest`);
  return digest;
}

/** A repository alone: no tag, no digest. @throws InputError `PullspecInvalid`. */
export function parseRepository(text: string): Repository {
  const { repository, tag, digest } = parseReference(text);
  if (tag === undefined && digest === undefined) return repository;
  const remedy = 'expected registry/repository without tag or digest';
  throw new InputError('PullspecInvalid', `${JSON.stringify(shorten(text))} is not a repository: ${remedy}`);
}

/** Whether a text is a repository in its one canonical spelling. */
export function isRepository(text: string): text is Repository {
  try {
    return parseRepository(text) === text;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

function splitReference(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  if (colon < 0) return { name: named, tag: undefined, digest };
  return { name: named.slice(0, colon), tag: named.slice(colon + 1), digest };
}

function parseName(text: string, name: string): Repository {
  if (name === '') throw invalid(text, 'it names no repository');
  if (isDigest(`sha256:${name}`)) throw invalid(text, '64 hex digits alone are an image ID, not a repository');
  const { host, path } = splitHost(name);
  if (!HOST.test(host)) throw invalid(text, `${JSON.stringify(host)} is not a registry host`);
  for (const component of path.split('/')) {
    if (!PATH_COMPONENT.test(component)) throw invalid(text, repositoryFault(component));
  }
  const canonicalHost = toCanonicalHost(host);
  if (!isUnmistakable(canonicalHost)) throw invalid(text, `${JSON.stringify(host)} needs a dot or a port to be a host`);
  if (canonicalHost.length + 1 + path.length > MAX_NAME_LENGTH) {
    throw invalid(text, `the repository is longer than ${MAX_NAME_LENGTH} characters`);
  }
  // The only place where a Repository comes into being.
  return `${canonicalHost}/${path}` as Repository;
}

function splitHost(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = slash >= 0 && (isUnmistakable(first) || first !== first.toLowerCase());
  if (!isHost) return { host: DEFAULT_HOST, path: slash < 0 ? DEFAULT_NAMESPACE + name : name };
  const path = name.slice(slash + 1);
  const isDockerHub = toCanonicalHost(first) === DEFAULT_HOST;
  return { host: first, path: isDockerHub && !path.includes('/') ? DEFAULT_NAMESPACE + path : path };
}

/** `host[:port]` in lower case, without the default port and without zeros in front of another one. */
export function toCanonicalHost(host: string): string {
  const given = host.toLowerCase();
  const end = given.lastIndexOf(':') + 1;
  // An address in brackets has colons of its own.
  const port = end === 0 || given.endsWith(']') ? '' : given.slice(end);
  const lower = given.slice(0, given.length - port.length) + port.replace(/^0+(?=[1-9])/, '');
  const bare = lower.replace(/:443$/, '');
  // `a:443/b` must not become `a/b`, which is a repository of Docker Hub.
  const canonical = isUnmistakable(bare) ? bare : lower;
  return canonical === 'index.docker.io' ? DEFAULT_HOST : canonical;
}

/** True for a text that is always read as a host in front of a `/`, in any letter case. */
function isUnmistakable(host: string): boolean {
  return /[.:[]/.test(host) || host === 'localhost';
}

function repositoryFault(component: string): string {
  if (component === '') return 'a part of the repository is empty';
  if (component !== component.toLowerCase()) return 'the repository must be in lower case';
  return `${JSON.stringify(component)} is not a repository name`;
}

function invalid(text: string, fault: string): InputError {
  return new InputError(
    'PullspecInvalid',
    `${JSON.stringify(shorten(text))} is not a pullspec: ${fault}; expected registry/repository[:tag][@sha256:<64 hex digits>]`,
  );
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

declare const pullspecBrand: unique symbol;

/** What a user asked for: the reference and the text it was written as. Made by {@link parsePullspec} alone. */
export interface Pullspec extends Reference {
  readonly [pullspecBrand]: true;
  /** As the user wrote it, at most {@link MAX_PULLSPEC_LENGTH} characters. */
  readonly text: string;
}

export const MAX_PULLSPEC_LENGTH = 1024;

/** @throws InputError `PullspecInvalid` or `DigestInvalid`. */
export function parsePullspec(text: string): Pullspec {
  if (text.length > MAX_PULLSPEC_LENGTH) {
    throw new InputError(
      'PullspecInvalid',
      `the pullspec has ${text.length} characters; at most ${MAX_PULLSPEC_LENGTH} are read`,
    );
  }
  const transport = /^([a-z][a-z-]*):\/\//.exec(text)?.[1];
  if (transport !== undefined) {
    throw new InputError('PullspecInvalid', `write the pullspec without ${transport}://: registry/repository@sha256:…`);
  }
  if (isDigest(text)) {
    throw new InputError('PullspecInvalid', 'a digest alone names no repository: write registry/repository@sha256:…');
  }
  return { ...parseReference(text), text } as Pullspec;
}

/** `host/repository@digest` in canonical spelling, the tag dropped; undefined without a digest. */
export function toCanonicalPullspec({ repository, digest }: Reference): string | undefined {
  return digest === undefined ? undefined : `${repository}@${digest}`;
}

declare const repositoryBrand: unique symbol;

/**
 * `host[:port]/path` in its one canonical spelling: host in lower case, port 443 dropped, Docker Hub's short names
 * written out. Two repositories are the same when these strings are equal. Made by `parseReference` alone.
 */
export type Repository = string & { readonly [repositoryBrand]: true };

/** The host, with its port unless that is the default one. */
export function repositoryHost(repository: Repository): string {
  return repository.slice(0, repository.indexOf('/'));
}

/** What follows the host. */
export function repositoryPath(repository: Repository): string {
  return repository.slice(repository.indexOf('/') + 1);
}
