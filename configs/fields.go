package configs

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// field is a key of a section: a field of its struct and what the field's tags
// say.
//
//	yaml:"key,required"      the key; without this tag, the field's name in snake case
//	min:"1" max:"8"          the range of a number, or of each number of a list
//	enum:"a,b"               the values of a text
//	list:"nonempty,unique"   of a list
type field struct {
	key      string
	required bool
	rules    rules
	value    reflect.Value
}

// rules are what a value must keep beyond its type.
type rules struct {
	min, max         float64
	enum             []string
	nonempty, unique bool
}

var noRules = rules{min: math.Inf(-1), max: math.Inf(1)}

// fieldsOf lists the fields of a struct, those of embedded structs in their
// place.
func fieldsOf(v reflect.Value) []field {
	var list []field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Anonymous:
			list = append(list, fieldsOf(v.Field(i))...)
		case f.IsExported():
			key, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if key == "" {
				key = snakeCase(f.Name)
			}
			list = append(list, field{key, option == "required", rulesOf(f.Tag), v.Field(i)})
		}
	}
	return list
}

func rulesOf(tag reflect.StructTag) rules {
	r := noRules
	if text, ok := tag.Lookup("min"); ok {
		r.min, _ = strconv.ParseFloat(text, 64)
	}
	if text, ok := tag.Lookup("max"); ok {
		r.max, _ = strconv.ParseFloat(text, 64)
	}
	if text, ok := tag.Lookup("enum"); ok {
		r.enum = strings.Split(text, ",")
	}
	list := strings.Split(tag.Get("list"), ",")
	r.nonempty, r.unique = slices.Contains(list, "nonempty"), slices.Contains(list, "unique")
	return r
}

// broken says which rule a scalar breaks; "" for none. NaN is in no range.
func (r rules) broken(v reflect.Value) string {
	var x float64
	switch v.Kind() {
	case reflect.Int:
		x = float64(v.Int())
	case reflect.Float64:
		x = v.Float()
	case reflect.String:
		if r.enum != nil && !slices.Contains(r.enum, v.String()) {
			return "expected " + alternatives(r.enum)
		}
		return ""
	default:
		return ""
	}
	switch {
	case x >= r.min && x <= r.max || r.min == noRules.min && r.max == noRules.max:
		return ""
	case r.min == r.max:
		return fmt.Sprintf("expected %v", r.min)
	}
	return fmt.Sprintf("expected %v to %v", r.min, r.max)
}

// alternatives is "a, b or c".
func alternatives(list []string) string {
	last := len(list) - 1
	if last < 1 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// find returns the field of a key, nil for none.
func find(fields []field, key string) *field {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.key == key }); i >= 0 {
		return &fields[i]
	}
	return nil
}

func keysOf(fields []field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.key
	}
	return list
}

// snakeCase turns WidthPerGroup into width_per_group and StrideIn1x1 into
// stride_in_1x1.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		starts := unicode.IsUpper(r) || unicode.IsDigit(r) && i > 0 && unicode.IsLower(runes[i-1]) && runes[i-1] != 'x'
		if starts && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
