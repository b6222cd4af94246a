# Instructions by function, from callgrind_annotate: a line is a count, a share, and file:function; what
# was inlined has a line for each file. `n` is by how many they are divided.
/ PROGRAM TOTALS/ { next }
/^ *[0-9,]+ \(/ {
  count = $1; gsub(",", "", count)
  sub(/^ *[0-9,]+ \([ 0-9.]+%\) +[^:]*:/, ""); sub(/ \[[^]]*\]$/, "")
  sum[$0] += count
}
END { for (name in sum) printf "%8.1f  %s\n", sum[name] / n, name }
