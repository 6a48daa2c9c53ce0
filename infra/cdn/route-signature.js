// Runs in CloudFront (cloudfront-js-2.0) on every request, ahead of the cache: the path of a signature goes to the mirror
// under its one spelling, and everything else is answered here. What is a path of a signature is decided as in
// lib/mirror/slots/slot-layout.ts; test/package/cdn-functions.test.ts holds the two together. Written without what
// that runtime lacks: destructuring, for-of, optional chaining, URL.
const RELEASE_PREFIXES = [
  '/signatures/',
  '/api/upgrades_info/signatures/',
  '/pub/openshift-v4/signatures/openshift/release/',
  '/openshift-release/official/signatures/openshift/release/',
];
const LOOKASIDE_PREFIX = '/lookaside/';
const DIGEST_SEGMENT = /^(?:sha256=[0-9a-f]{64}|sha384=[0-9a-f]{96}|sha512=[0-9a-f]{128})$/;
const INDEX = /^signature-([1-9][0-9]{0,2})$/;
const MAX_RELEASE_SIGNATURES = 9;
const MAX_LOOKASIDE_SIGNATURES = 128;
const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const MAX_REPOSITORY_LENGTH = 255;

/** @param {{ request: { uri: string } }} event */
/* oxlint-disable no-unused-vars -- CloudFront calls the handler by name. */
function handler(event) {
  const request = event.request;
  const path = toObjectPath(request.uri.replace(/%3d/gi, '=').replace(/%40/g, '@'));
  if (path === '') {
    return {
      statusCode: 404,
      statusDescription: 'Not Found',
      headers: {
        'content-type': { value: 'text/plain; charset=utf-8' },
        'cache-control': { value: 'public, max-age=60' },
      },
      body: { encoding: 'text', data: 'no such signature\n' },
    };
  }
  request.uri = path;
  return request;
}

/**
 * The object's path in the bucket; empty for a path of no signature.
 *
 * @param {string} path
 */
function toObjectPath(path) {
  const prefix = RELEASE_PREFIXES.find((candidate) => path.startsWith(candidate));
  if (prefix !== undefined) {
    const rest = path.slice(prefix.length);
    // One object, under one key in the cache, whichever path it was asked for by.
    return isReleaseSignature(rest) ? RELEASE_PREFIXES[0] + rest : '';
  }
  return path.startsWith(LOOKASIDE_PREFIX) && isLookasideSignature(path.slice(LOOKASIDE_PREFIX.length)) ? path : '';
}

/** @param {string} rest */
function isReleaseSignature(rest) {
  const slash = rest.indexOf('/');
  return DIGEST_SEGMENT.test(rest.slice(0, slash)) && isIndex(rest.slice(slash + 1), MAX_RELEASE_SIGNATURES);
}

/** @param {string} rest */
function isLookasideSignature(rest) {
  const slash = rest.lastIndexOf('/');
  const at = rest.lastIndexOf('@', slash);
  if (slash < 0 || at < 0) return false;
  return (
    isCanonicalRepository(rest.slice(0, at)) &&
    DIGEST_SEGMENT.test(rest.slice(at + 1, slash)) &&
    isIndex(rest.slice(slash + 1), MAX_LOOKASIDE_SIGNATURES)
  );
}

/**
 * @param {string} name
 * @param {number} last
 */
function isIndex(name, last) {
  const match = INDEX.exec(name);
  return match !== null && Number(match[1]) <= last;
}

/**
 * A repository as lib/base/names/reference.ts spells it, and in no other way.
 *
 * @param {string} text
 */
function isCanonicalRepository(text) {
  const slash = text.indexOf('/');
  const host = text.slice(0, Math.max(slash, 0));
  const path = text.slice(slash + 1);
  if (text.length > MAX_REPOSITORY_LENGTH || !isCanonicalHost(host)) return false;
  if (host === 'docker.io' && !path.includes('/')) return false;
  return path.split('/').every((component) => PATH_COMPONENT.test(component));
}

/** @param {string} host */
function isCanonicalHost(host) {
  if (!HOST.test(host) || host === 'index.docker.io' || /:0+[1-9][0-9]*$/.test(host)) return false;
  // The default port is dropped wherever what is left can still be read as a host.
  const isDefaultPort = host.endsWith(':443') && isUnmistakable(host.slice(0, -':443'.length));
  return isUnmistakable(host) && !isDefaultPort;
}

/** @param {string} host */
function isUnmistakable(host) {
  return /[.:[]/.test(host) || host === 'localhost';
}
