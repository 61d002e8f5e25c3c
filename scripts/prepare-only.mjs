// Installs the packages and builds the program, and starts nothing.
import { prepare } from "./prepare.mjs";

prepare();
