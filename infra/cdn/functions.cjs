// The packager runs a .js file that it is pointed at. These two are to be text in the template.
const { readFileSync } = require('node:fs');
const path = require('node:path');

/** @param {string} name */
const read = (name) => readFileSync(path.join(__dirname, name), 'utf8');

module.exports = { routeSignature: read('route-signature.js'), markSignature: read('mark-signature.js') };
