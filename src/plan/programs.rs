//! Which programs need root, which places are root's, and what to do instead. Data; `commands` finds them in a manifest.

/// A family of programs that need root, and what to do instead.
pub(super) struct NeedsRoot {
    pub(super) programs: &'static [&'static str],
    /// With one of these as a later word; empty: always.
    pub(super) with: &'static [&'static str],
    pub(super) what: &'static str,
    pub(super) instead: &'static str,
}

pub(super) const NEEDS_ROOT: &[NeedsRoot] = &[
    NeedsRoot {
        programs: &["chown", "chgrp"],
        with: &[],
        what: "gives files to another owner",
        instead: "drop the command and let `securityContext.fsGroup` give the volume to the pod's group",
    },
    NeedsRoot {
        programs: &["setfacl"],
        with: &[],
        what: "changes who may use the files of others",
        instead: "drop the command and let `securityContext.fsGroup` give the volume to the pod's group",
    },
    NeedsRoot {
        programs: &["install"],
        with: &["-o", "-g", "--owner", "--group"],
        what: "gives files to another owner",
        instead: "drop the owner and the group, and let `securityContext.fsGroup` give the volume to the pod's group",
    },
    NeedsRoot {
        programs: &["rsync"],
        with: &["--chown", "--usermap", "--groupmap", "--super"],
        what: "gives files to another owner",
        instead: "drop the option and let `securityContext.fsGroup` give the volume to the pod's group",
    },
    NeedsRoot {
        programs: &["tar", "bsdtar"],
        with: &["--same-owner"],
        what: "gives files to another owner",
        instead: "unpack with `--no-same-owner`: the files are the user's who unpacks them",
    },
    NeedsRoot {
        programs: &[
            "apt-get", "apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman",
        ],
        with: &[
            "install",
            "localinstall",
            "add",
            "update",
            "upgrade",
            "-i",
            "-S",
            "-Sy",
            "-Syu",
        ],
        what: "installs packages",
        instead: "build an image that contains the packages",
    },
    NeedsRoot {
        programs: &["dpkg", "rpm"],
        with: &["-i", "--install", "-U", "-ivh"],
        what: "installs packages",
        instead: "build an image that contains the packages",
    },
    NeedsRoot {
        programs: &["npm"],
        with: &["-g", "--global"],
        what: "installs packages into the image",
        instead: "build an image that contains the packages",
    },
    NeedsRoot {
        programs: &[
            "useradd", "adduser", "userdel", "groupadd", "addgroup", "usermod", "passwd", "chpasswd",
        ],
        with: &[],
        what: "changes the user database",
        instead: "build an image that has the user",
    },
    NeedsRoot {
        programs: &["sysctl"],
        with: &["-w", "--write", "-p"],
        what: "sets kernel parameters",
        instead: "set them on the node, or in `securityContext.sysctls` where they are safe",
    },
    NeedsRoot {
        programs: &[
            "mount",
            "umount",
            "losetup",
            "swapoff",
            "mkfs",
            "mkfs.ext4",
            "mkfs.xfs",
            "chroot",
            "nsenter",
            "unshare",
        ],
        with: &[],
        what: "changes mounts or namespaces",
        instead: "use a volume of Kubernetes, or keep the workload in a namespace labelled `privileged`",
    },
    NeedsRoot {
        programs: &["iptables", "ip6tables", "nft", "modprobe", "insmod", "tc", "ipvsadm"],
        with: &[],
        what: "changes the kernel's network or modules",
        instead: "use a NetworkPolicy or a CNI plugin, or keep the workload in a namespace labelled `privileged`",
    },
    NeedsRoot {
        programs: &["setcap", "update-ca-certificates", "ldconfig", "mknod"],
        with: &[],
        what: "changes system files of the image",
        instead: "do it when the image is built",
    },
    NeedsRoot {
        programs: &["ip"],
        with: &["add", "del", "set", "replace", "change"],
        what: "changes the kernel's network or modules",
        instead: "use a NetworkPolicy or a CNI plugin, or keep the workload in a namespace labelled `privileged`",
    },
    NeedsRoot {
        programs: &["service", "systemctl", "rc-service", "initctl"],
        with: &["start", "restart", "reload", "enable"],
        what: "starts a service of the system",
        instead: "start the program directly, one in each container",
    },
    NeedsRoot {
        programs: &["sshd"],
        with: &[],
        what: "starts sessions of other users",
        instead: "use `kubectl exec`, or an ssh server that is built for one user and a port from 1024 on",
    },
    NeedsRoot {
        programs: &[
            "su",
            "sudo",
            "doas",
            "gosu",
            "su-exec",
            "setpriv",
            "runuser",
            "s6-setuidgid",
        ],
        with: &[],
        what: "changes the user",
        instead: "start the program directly and say its uid in `securityContext.runAsUser`",
    },
];

/// Python packages go to folders of root's or to the user's home, which a uid that is only assumed does not have.
pub(super) const PIP: NeedsRoot = NeedsRoot {
    programs: &["pip", "pip3"],
    with: &["install"],
    what: "installs packages",
    instead: "build an image that contains the packages, or install them with `--target` into a volume",
};
/// Options and variables that send packages elsewhere, and programs that make a place for them.
pub(super) const PIP_ELSEWHERE: &[&str] = &["-t", "--target", "--prefix", "--root", "venv", "virtualenv"];
pub(super) const PIP_VARIABLES: &[&str] = &["HOME", "PIP_TARGET", "PIP_PREFIX", "PYTHONUSERBASE", "VIRTUAL_ENV"];

pub(super) const CHMOD: NeedsRoot = NeedsRoot {
    programs: &["chmod"],
    with: &[],
    what: "changes the mode of what belongs to root",
    instead: "drop the command: `securityContext.fsGroup` lets the pod's group write to a volume, and an emptyDir is open to all",
};

/// Where a uid that nobody gave anything to may not write.
pub(super) const FOREIGN_PLACE: NeedsRoot = NeedsRoot {
    programs: &[],
    with: &[],
    what: "writes to a directory of the image",
    instead: "write to a volume, such as an emptyDir mounted there, or state in harden.yaml the image's user, if it may write there",
};

const SYSTEM_FILES: NeedsRoot = NeedsRoot {
    programs: &[],
    with: &[],
    what: "writes to a directory of root's",
    instead: "write to a volume, such as an emptyDir mounted there, or do it when the image is built",
};

/// Where only root may write, and what a script that writes there does.
pub(super) const ROOTS_PLACES: &[(&str, NeedsRoot)] = &[
    (
        "/proc/sys",
        NeedsRoot {
            programs: &[],
            with: &[],
            what: "sets kernel parameters",
            instead: "set them on the node, or in `securityContext.sysctls` where they are safe",
        },
    ),
    (
        "/sys",
        NeedsRoot {
            programs: &[],
            with: &[],
            what: "sets kernel parameters",
            instead: "set them on the node",
        },
    ),
    ("/etc", SYSTEM_FILES),
    ("/usr", SYSTEM_FILES),
    ("/bin", SYSTEM_FILES),
    ("/sbin", SYSTEM_FILES),
    ("/lib", SYSTEM_FILES),
];
