import { describe, expect, test } from 'vitest';
import { checkCatalog } from '../../../lib/artifact/catalog/check-catalog.ts';
import { parseCatalog } from '../../../lib/artifact/catalog/parse-catalog.ts';

const GOOD = `registry.redhat.io/a/operator@sha256:${'a'.repeat(64)}`;
/** Not pinned: whatever finds it rejects the catalog. */
const HIDDEN = 'quay.io/hidden/image:latest';

const json = (value: unknown): string => JSON.stringify(value);
const base64 = (value: unknown): string => Buffer.from(json(value)).toString('base64');
const bundle = (members: object): string => json({ schema: 'olm.bundle', name: 'a.v1', image: GOOD, ...members });
const beside = (text: string): string => `schema: olm.bundle\nname: b.v1\nimage: ${GOOD}\n---\n${text}`;
const version = (members: object = {}) => ({
  kind: 'ClusterServiceVersion',
  metadata: { name: 'a.v1' },
  spec: { relatedImages: [{ name: 'x', image: HIDDEN }] },
  ...members,
});
const pods = (members: object) => ({ spec: { containers: [{ name: 'c', image: GOOD }] }, ...members });
const deployment = (spec: object) => ({
  kind: 'Deployment',
  spec: { template: { spec: { containers: [{ name: 'c', image: HIDDEN }] } }, ...spec },
});

/**
 * Catalogs whose author hides an image from the check, and not from what reads them: operator-registry and oc-mirror are
 * written in Go, which takes members in any case; kubectl unpacks whatever has items, and API servers drop members that
 * they do not know.
 */
describe('an image that only the reader of a catalog sees is found, or the catalog is rejected', () => {
  test.each<[string, string]>([
    ['the image of a bundle in another case', bundle({ Image: HIDDEN })],
    [
      'the image in another case alone',
      json({ schema: 'olm.bundle', name: 'a', IMAGE: HIDDEN, relatedImages: [{ image: GOOD }] }),
    ],
    ['related images in another case', bundle({ RelatedImages: [{ name: 'x', image: HIDDEN }] })],
    ['the long s', bundle({ relatedImageſ: [{ name: 'x', image: HIDDEN }] })],
    ['a related image named twice', bundle({ relatedImages: [{ name: 'x', image: GOOD, Image: HIDDEN }] })],
    ['a schema in another case', bundle({}) + json({ Schema: 'olm.bundle', kind: 'Foo', name: 'a', image: HIDDEN })],
    [
      'properties in another case',
      bundle({ Properties: [{ type: 'olm.bundle.object', value: { data: base64(version()) } }] }),
    ],
    [
      'the type of a property in another case',
      bundle({ properties: [{ Type: 'olm.bundle.object', value: { data: base64(version()) } }] }),
    ],
    [
      'the data of a property in another case',
      bundle({
        properties: [{ type: 'olm.bundle.object', value: { data: base64({ kind: 'Foo' }), Data: base64(version()) } }],
      }),
    ],
    [
      'an image set whose part is in another case',
      json({
        kind: 'ImageSetConfiguration',
        mirror: { additionalImages: [{ name: GOOD }], AdditionalImages: [{ name: HIDDEN }] },
      }),
    ],
    [
      'an image set with two parts',
      json({
        kind: 'ImageSetConfiguration',
        mirror: { additionalImages: [{ name: GOOD }] },
        Mirror: { additionalImages: [{ name: HIDDEN }] },
      }),
    ],
    ['a ClusterServiceVersion that calls itself a channel', bundle({}) + json(version({ schema: 'olm.channel' }))],
    [
      'a ClusterServiceVersion that calls itself a bundle',
      bundle({}) + json(version({ schema: 'olm.bundle', name: 'a', image: GOOD })),
    ],
    [
      'an embedded one',
      bundle({
        properties: [{ type: 'olm.bundle.object', value: { data: base64(version({ schema: 'olm.channel' })) } }],
      }),
    ],
    ['containers where there is no pod', bundle({}) + json(deployment({ containers: [] }))],
    [
      'a pod around another one',
      bundle({}) +
        json(
          pods({
            kind: 'Foo',
            containers: [{ image: GOOD }],
            ...deployment({}).spec,
            template: deployment({}).spec.template,
          }),
        ),
    ],
    [
      'a pod with init containers alone',
      bundle({}) + json({ kind: 'Foo', spec: { initContainers: [{ name: 'i', image: HIDDEN }] } }),
    ],
    ['a List in a List', bundle({}) + json({ kind: 'List', items: [{ kind: 'List', items: [version()] }] })],
    [
      'a List of one kind in a List',
      bundle({}) +
        json({ kind: 'List', items: [{ kind: 'ClusterServiceVersionList', items: [version({ kind: undefined })] }] }),
    ],
    ['a list that is not called one', bundle({}) + json({ kind: 'Foo', items: [version()] })],
    [
      'a merge key in YAML',
      `schema: olm.bundle\nname: a\nrelatedImages: [{image: '${GOOD}'}]\n<<: {image: '${HIDDEN}'}\n`,
    ],
    [
      'a merge key with an alias',
      beside(`x: &x {image: '${HIDDEN}'}\nschema: olm.bundle\nname: a\nrelatedImages: []\n<<: *x\n`),
    ],
    [
      'a merge key in an entry',
      `schema: olm.bundle\nname: a\nimage: ${GOOD}\nrelatedImages: [{name: x, <<: {image: '${HIDDEN}'}}]\n`,
    ],
    [
      'a merge key that Go lets replace what stands before it',
      beside(`schema: olm.bundle\nname: a\nimage: ${GOOD}\n<<: {image: '${HIDDEN}'}\n`),
    ],
    ['a merge key in a list at the top', `- ${GOOD}\n- {name: x, <<: {image: '${HIDDEN}'}}\n`],
    [
      'a merge key in a chart',
      `annotations: {artifacthub.io/images: "[{image: '${GOOD}'}, {<<: {image: '${HIDDEN}'}}]"}\n`,
    ],
    [
      'NEL ends a comment',
      beside(`schema: olm.bundle\nname: a\nimage: ${GOOD}\n#\u0085relatedImages: [{image: '${HIDDEN}'}]\n`),
    ],
    [
      'LS ends a comment',
      beside(`schema: olm.bundle\nname: a\nimage: ${GOOD}\n#\u2028relatedImages: [{image: '${HIDDEN}'}]\n`),
    ],
    [
      'PS ends a comment',
      beside(`schema: olm.bundle\nname: a\nimage: ${GOOD}\n#\u2029relatedImages: [{image: '${HIDDEN}'}]\n`),
    ],
    [
      'CR ends a comment',
      beside(`schema: olm.bundle\nname: a\nimage: ${GOOD}\n#\rrelatedImages: [{image: '${HIDDEN}'}]\n`),
    ],
  ])('%s', async (_, text) => {
    const { outcome } = await checkCatalog(parseCatalog('in', Buffer.from(text)), { trusts: [] });
    expect(outcome).toBe('rejected');
  });
});

describe('what looks like it and hides nothing stays accepted', () => {
  test.each<[string, string]>([
    ['members of other names', bundle({ Images: [], related: [], imagesRelated: 'x' })],
    ['a pod in its template', bundle({}) + json({ kind: 'Deployment', spec: { template: pods({}) } })],
    ['a merge key with an alias', `x: &x {image: '${GOOD}'}\nschema: olm.bundle\nname: a\n<<: *x\n`],
    [
      'a quoted merge key, which is a name',
      `schema: olm.bundle\nname: a\nimage: ${GOOD}\n'<<': {image: '${HIDDEN}'}\n`,
    ],
    ['LS in a description', `schema: olm.bundle\nname: a\nimage: ${GOOD}\ndescription: "one\u2028 two"\n`],
    ['LS in JSON', bundle({ description: 'one\u2028relatedImages: x' })],
    [
      'an object with items that are none',
      bundle({}) + json({ kind: 'ConfigMap', items: [{ key: 'a', path: 'b' }, 'c', null] }),
    ],
    ['a List of what names no image', bundle({}) + json({ kind: 'List', items: [{ kind: 'ConfigMap' }] })],
  ])('%s', async (_, text) => {
    const { outcome, faults } = await checkCatalog(parseCatalog('in', Buffer.from(text)), { trusts: [] });
    expect({ outcome, faults }).toEqual({ outcome: 'accepted', faults: [] });
  });
});
