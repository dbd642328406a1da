//! What the kernel holds for all TCP sockets of the machine.

/// Pages of 4 KiB in `/proc/net/sockstat`, in MiB.
pub fn tcp_mib() -> f64 {
    let stat = std::fs::read_to_string("/proc/net/sockstat").unwrap();
    let line = stat.lines().find(|line| line.starts_with("TCP:")).unwrap();
    let mut words = line.split_whitespace();
    words.find(|word| *word == "mem").unwrap();
    words.next().unwrap().parse::<f64>().unwrap() / 256.0
}
