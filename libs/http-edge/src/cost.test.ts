import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, repeated, textShapes } from "@mintmark/testing/hostile-text";
import { jsonValues } from "./json-values.ts";
import { isLoopback } from "./loopback.ts";
import { ownAddress, requireOwnAddress } from "./own-address.ts";
import { parseToken, tokenIn } from "./token.ts";

const own = ownAddress([], "https://models.example");
const headers = { ...textShapes, "a host that goes on": repeated("a.", "127.0.0.1:"), colons: repeated(":1", "[::") };

costBattery("headers, and JSON before it is parsed", {
  Host: parser({ run: (host: string) => requireOwnAddress({ host }, own), shapes: headers }),
  Origin: parser({
    run: (text: string) => requireOwnAddress({ host: "localhost:8080", origin: `http://${text}` }, own),
    shapes: headers,
  }),
  Authorization: parser({
    run: (text: string) => [tokenIn(`Bearer ${text}`), tokenIn(text)],
    shapes: { ...textShapes, "blanks after the scheme": repeated(" ", "Bearer", "x") },
  }),
  token: parser({ run: (text: string) => [parseToken(text), parseToken(`mm_${text}`)], shapes: textShapes }),
  loopback: parser({ run: isLoopback, shapes: textShapes }),
  "number of values": parser({
    run: (text: string) => jsonValues(new TextEncoder().encode(text), Number.POSITIVE_INFINITY),
    shapes: { ...textShapes, ...jsonShapes },
  }),
});
