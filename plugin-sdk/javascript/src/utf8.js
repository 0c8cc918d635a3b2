// UTF-8 for engines without TextEncoder and TextDecoder, and for the SDK itself on every engine.

/** @returns {Uint8Array} the text as UTF-8; halves of surrogate pairs become U+FFFD. */
export function encode(text) {
  text = String(text);
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0xd800 && code < 0xe000) {
      const low = text.charCodeAt(i + 1);
      if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i++;
      } else code = 0xfffd;
    }
    if (code < 0x80) bytes[at++] = code;
    else {
      if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6);
      else {
        if (code < 0x10000) bytes[at++] = 0xe0 | (code >> 12);
        else {
          bytes[at++] = 0xf0 | (code >> 18);
          bytes[at++] = 0x80 | ((code >> 12) & 63);
        }
        bytes[at++] = 0x80 | ((code >> 6) & 63);
      }
      bytes[at++] = 0x80 | (code & 63);
    }
  }
  return bytes.slice(0, at);
}

/** The text of UTF-8; `fatal` throws where the bytes are none, otherwise U+FFFD stands for them. */
export function decode(bytes, fatal = false) {
  // Pieces, because a call takes only so many arguments.
  let text = "";
  let units = [];
  const push = (unit) => {
    units.push(unit);
    if (units.length > 4096) {
      text += String.fromCharCode(...units);
      units = [];
    }
  };
  const wrong = () => {
    if (fatal) throw new TypeError("these bytes are not UTF-8");
    push(0xfffd);
  };
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++];
    if (first < 0x80) {
      push(first);
      continue;
    }
    // What follows, and the range of the second byte, by the Unicode standard's table of well-formed sequences.
    let [more, low, high] = [0, 0x80, 0xbf];
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first === 0xe0) low = 0xa0;
      if (first === 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first === 0xf0) low = 0x90;
      if (first === 0xf4) high = 0x8f;
    } else {
      wrong();
      continue;
    }
    let code = first & (0x3f >> more);
    let missing = more;
    while (missing > 0 && bytes[at] >= low && bytes[at] <= high) {
      code = (code << 6) | (bytes[at++] & 63);
      [low, high] = [0x80, 0xbf];
      missing--;
    }
    if (missing > 0) wrong();
    else if (code < 0x10000) push(code);
    else {
      push(0xd800 + ((code - 0x10000) >> 10));
      push(0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  return text + String.fromCharCode(...units);
}

const view = (input) =>
  input === undefined
    ? new Uint8Array()
    : ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);

export class Utf8Encoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return encode(text);
  }
}

export class Utf8Decoder {
  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^utf-?8$/i.test(label.trim())) throw new RangeError(`TextDecoder knows utf-8 here, not ${label}`);
    Object.assign(this, { encoding: "utf-8", fatal, ignoreBOM });
  }

  decode(input) {
    const text = decode(view(input), this.fatal);
    return !this.ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}
