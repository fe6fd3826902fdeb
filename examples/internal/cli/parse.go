package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Parse reads a command line; synopsis is what it looks like after the
// program's name. -h prints the help to out and returns flag.ErrHelp; other
// errors are of one line. A flag for a file or a folder must not be empty: a
// shell's variable that is not set is no wish for the default.
func Parse(fs *flag.FlagSet, args []string, out io.Writer, synopsis string) error {
	fs.SetOutput(io.Discard)
	if err := fs.Parse(args); err == flag.ErrHelp {
		fs.SetOutput(out)
		fmt.Fprintf(out, "usage: %s %s\n\n", fs.Name(), synopsis)
		fs.PrintDefaults()
		return err
	} else if err != nil {
		return Usagef("%w; %s -h lists the flags", err, fs.Name())
	}
	var err error
	fs.Visit(func(f *flag.Flag) {
		if what, _ := flag.UnquoteUsage(f); f.Value.String() == "" && (what == "FILE" || what == "FOLDER") {
			err = Usagef("-%s is empty: give it a %s, or leave it out", f.Name, strings.ToLower(what))
		}
	})
	for i, arg := range fs.Args() {
		switch name := strings.TrimLeft(arg, "-"); {
		case arg == "":
			err = Usagef("argument %d is empty, want a file or a folder: is a variable not set?", i+1)
		case name != arg && fs.Lookup(name) != nil && i > 0:
			err = Usagef("%s comes after %s: flags come first", arg, fs.Arg(0))
		}
	}
	return err
}
