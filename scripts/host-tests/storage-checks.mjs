import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Scratch } from "./scratch.mjs";

const blobs = {
  "blobs/sha256-aa": "weights".repeat(1000),
  "blobs/sha256-bb": "template",
  "manifests/registry.ollama.ai/library/tiny/latest": "{}",
};

/** Where the models go, and how those that are there get there. Nothing is started. */
export async function storageChecks() {
  const scratch = new Scratch();
  const old = join(scratch.home, ".ollama/models");
  const moved = join(scratch.volume, "ollama/models");
  scratch.addGpu(24_564);
  scratch.addProgram("ollama", "#!/bin/sh\necho 'ollama version is 99.0.0'\n");
  scratch.env.OLLAMA_HOST = "127.0.0.1:9";
  const install = (...args) => scratch.install("--no-model", "--model", "tiny", "--redis", "none", ...args);

  function fill() {
    for (const [path, text] of Object.entries(blobs)) {
      mkdirSync(dirname(join(old, path)), { recursive: true });
      writeFileSync(join(old, path), text);
    }
  }
  function assertMoved() {
    for (const [path, text] of Object.entries(blobs))
      assert.equal(readFileSync(join(moved, path), "utf8"), text);
    assert.ok(lstatSync(old).isSymbolicLink());
    assert.equal(realpathSync(readlinkSync(old)), moved);
  }

  const checks = {
    "a folder that is no mount is refused": async () => {
      const { code, output } = await install("--storage", scratch.home);
      assert.equal(code, 1);
      assert.match(output, /is no mounted volume but part of the container's own disk/);
    },

    "a volume in memory is refused too": async () => {
      const mounts = join(scratch.folder, "memory-mounts");
      writeFileSync(mounts, `overlay / overlay rw 0 0\ntmpfs ${scratch.volume} tmpfs rw 0 0\n`);
      const { code } = await scratch.runWith({ MOUNTS: mounts }, "./install.sh", "--storage", scratch.volume);
      assert.equal(code, 1);
    },

    "models stay where they are when the volume has no room": async () => {
      fill();
      scratch.addProgram(
        "stat",
        '#!/bin/sh\ncase "$*" in "-c %d "*volume*) echo 1 ;; "-c %d "*) echo 2 ;; *) exec /usr/bin/stat "$@" ;; esac\n',
      );
      scratch.addProgram(
        "df",
        '#!/bin/sh\necho Avail\ncase "$*" in *volume*) echo 0 ;; *) echo 90000 ;; esac\n',
      );
      const { code, output } = await install();
      for (const name of ["stat", "df"]) scratch.removeProgram(name);
      assert.equal(code, 1);
      assert.match(output, /need 1 MB, .* has room for 0/);
      for (const path of Object.keys(blobs)) assert.ok(existsSync(join(old, path)));
    },

    "a move that is cut in the middle goes on with the next run": async () => {
      scratch.addProgram(
        "cp",
        '#!/bin/sh\ncase "$*" in *sha256-bb*) printf half >"$(eval echo \\${$#})"; exit 1 ;; esac\nexec /bin/cp "$@"\n',
      );
      const cut = await install();
      scratch.removeProgram("cp");
      assert.equal(cut.code, 1);
      assert.match(cut.output, /nothing is lost, the next run goes on from here/);
      assert.ok(!existsSync(join(moved, "manifests")), "a manifest came before its blobs");
      for (const path of Object.keys(blobs)) assert.ok(existsSync(join(old, path)));
      const { code, output } = await install();
      assert.equal(code, 0, output);
      assertMoved();
    },

    "it is moved once": async () => {
      const { code, output } = await install();
      assert.equal(code, 0, output);
      assert.match(output, /nothing to move/);
      assertMoved();
    },

    "OLLAMA_MODELS in .env is where they go": async () => {
      rmSync(scratch.path(".env"));
      const own = join(scratch.volume, "own");
      writeFileSync(scratch.path(".env"), `OLLAMA_MODELS=${own}\n`);
      const { output } = await install("--dry-run");
      assert.ok(output.includes(`models in ${own}\n`), output);
    },
  };
  return { name: "storage", checks, close: async () => scratch.remove() };
}
